import type { Dice } from './dice.ts'
import type { Expectations } from './expectations.ts'
import type { Tally } from './tally.ts'
import type { Answer, Wire } from './wire.ts'

/** What everybody in a game shares, and dice of one's own: so who answers first changes no throw. */
export type Table = {
  readonly wire: Wire
  readonly dice: Dice
  readonly expect: Expectations
  readonly tally: Tally
}

/** Who is logged in. */
export type Identity = { readonly userId: string; readonly token: string }

/** A player with the books that it keeps about itself, as they must be at the server too. */
export type Seat = Table &
  Identity & {
    readonly own: {
      balance: number
      /** Entries in the ledger. */
      movements: number
      /** Events in the log. */
      events: number
    }
    post(path: string, body: unknown, key?: string): Promise<Answer>
    /** `what` as this player does it, for the list of mismatches. */
    say(what: string): string
  }
