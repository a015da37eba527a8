import { LIMITS, type ProblemCode } from '@questline/contracts'
import type { Intent, Refusal } from '../idempotency/idempotency.ts'

export type EntryKind = 'earn' | 'spend' | 'adjust'

/** A movement that somebody asks for. */
export type Posting = {
  readonly kind: EntryKind
  readonly playerId: string
  readonly currency: string
  /** `earn` and `spend`: how much, above zero. `adjust`: the balance that shall be. */
  readonly amount: number
  readonly reason: string | null
  /** Who asked: a player or a key, for the audit. */
  readonly actor: string
  readonly app: string
  readonly at: number
  readonly requestId: string
  readonly intent: Intent | null
  /** Most that one player may earn in one currency on one UTC day by its own token; null: no cap. */
  readonly earnDailyMax: number | null
}

/** A balance as the transaction sees it. */
export type Account = {
  readonly balance: number
  /** Number of entries so far; the n-th entry has version n. */
  readonly version: number
  /** UTC day (days since the epoch) of `earnedOnDay`. */
  readonly earnDay: number
  readonly earnedOnDay: number
}

export const NEW_ACCOUNT: Account = { balance: 0, version: 0, earnDay: 0, earnedOnDay: 0 }

/** What an answer to a movement is built from, at once or from the stored entry a year later. */
export type Entry = {
  readonly playerId: string
  /** Negative when it left the balance. */
  readonly amount: number
  readonly balanceAfter: number
}

export type Outcome =
  | { readonly kind: 'posted'; readonly entry: Entry; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly replayed: boolean }
  | { readonly kind: 'key-reused' }
  | { readonly kind: 'unknown-player' }

export type Decision =
  | { readonly kind: 'move'; readonly amount: number; readonly account: Account }
  | { readonly kind: 'refuse'; readonly code: ProblemCode; readonly detail: string }

const DAY_MS = 86_400_000

/** What `posting` does to `account`: the rules of currency, without any database. */
export function decide(account: Account, posting: Posting): Decision {
  const amount = signedAmount(account, posting)
  const balance = account.balance + amount
  if (balance < 0) {
    return refuse('insufficient-funds', `The balance is ${account.balance}, ${-amount} are needed.`)
  }
  if (balance > LIMITS.balanceMax) {
    return refuse('balance-limit', `A balance is at most ${LIMITS.balanceMax}.`)
  }
  const capped = posting.kind === 'earn' && posting.earnDailyMax !== null
  const day = capDay(account, posting.at)
  const earnedBefore = account.earnDay === day ? account.earnedOnDay : 0
  if (capped && earnedBefore + amount > posting.earnDailyMax) {
    return refuse(
      'daily-earn-limit',
      `${earnedBefore} of ${posting.earnDailyMax} are earned today (UTC).`,
    )
  }
  return {
    kind: 'move',
    amount,
    account: {
      balance,
      version: account.version + 1,
      earnDay: capped ? day : account.earnDay,
      earnedOnDay: capped ? earnedBefore + amount : account.earnedOnDay,
    },
  }
}

/** The UTC day of `at`. A clock that is set back over midnight, and forth again, starts no new day. */
function capDay(account: Account, at: number): number {
  const day = Math.floor(at / DAY_MS)
  return day === account.earnDay - 1 ? account.earnDay : day
}

const refuse = (code: ProblemCode, detail: string): Decision => ({ kind: 'refuse', code, detail })

function signedAmount(account: Account, posting: Posting): number {
  switch (posting.kind) {
    case 'earn':
      return posting.amount
    case 'spend':
      return -posting.amount
    case 'adjust':
      return posting.amount - account.balance
  }
}
