// Those who write while the server is killed. Each lives through all lives of the server: what had
// no answer in one is repeated in the next, as a client does that kept its request.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import { type Client, fieldsOf } from './client.ts'
import type { Entry, Intent, Journal, Verdict } from './journal.ts'
import { login } from './requests.ts'

export type Actor = {
  /** One thing that it does, or the repeat of what is open. */
  step(client: Client): Promise<void>
  /** Whether something waits for a repeat. */
  isOpen(): boolean
  /** Reads what it wrote: all that was answered must be there. */
  check(client: Client): Promise<void>
}

export type Stage = {
  readonly journal: Journal
  readonly chance: Chance
  /** A new id that no other write has. */
  newId(name: string): string
}

const PAUSE_MS_MAX = 3
const REPEAT_MS = 5

/** Lets `actors` act, all at once, until `isOver`. */
export async function play(
  actors: readonly Actor[],
  { chance }: Stage,
  client: Client,
  isOver: () => boolean,
): Promise<void> {
  const act = async (actor: Actor): Promise<void> => {
    while (!isOver()) {
      await actor.step(client)
      await sleep(actor.isOpen() ? REPEAT_MS : chance.integer(0, PAUSE_MS_MAX))
    }
  }
  await Promise.all(actors.map(act))
}

const SETTLE_MS_MAX = 10_000

/** Repeats what is open until it has an answer; what gets none is found by the check that follows. */
export async function settle(actors: readonly Actor[], client: Client): Promise<void> {
  const untilMs = performance.now() + SETTLE_MS_MAX
  for (const actor of actors) {
    while (actor.isOpen() && performance.now() < untilMs) {
      await actor.step(client)
      if (actor.isOpen()) await sleep(REPEAT_MS)
    }
  }
}

/** The one write of an actor that may be open. Another begins only when it has its answer. */
export type OneAtATime = {
  readonly open: boolean
  begin(intent: Intent, settled: (entry: Entry, verdict: Verdict) => void): void
  /** Sends what is open. */
  attempt(client: Client): Promise<void>
}

export function oneAtATime(journal: Journal): OneAtATime {
  type Open = { entry: Entry; settled: (entry: Entry, verdict: Verdict) => void }
  let open: Open | null = null
  return {
    get open() {
      return open !== null
    },
    begin(intent, settled) {
      open = { entry: journal.intend(intent), settled }
    },
    async attempt(client) {
      if (open === null) return
      const { entry, settled } = open
      const verdict = await journal.attempt(client, entry)
      if (verdict === 'open' && entry.repeatable) return
      // What may not be repeated stays unknown for ever.
      open = null
      if (verdict !== 'open') settled(entry, verdict)
    },
  }
}

/** The first thing that a player does. */
export const loginIntent = (userId: string): Intent => ({
  id: userId,
  effect: 'guest',
  request: login(userId),
  repeatable: true,
})

export const tokenOf = (entry: Entry): string => String(fieldsOf(entry.answer)['token'])
