import type { LogEvent } from '@questline/contracts'
import {
  findRefusals,
  type Intent,
  type Refusal,
  refusalFor,
  rememberRefusals,
} from '../idempotency/idempotency.ts'
import type { SqlValue, Tx, Work } from '../store/store.ts'
import { openAccounts, saveAccounts } from './open-accounts.ts'
import { decide, type Entry, type Outcome, type Posting } from './posting.ts'
import { FIND_KEYS, INSERT_ENTRIES } from './statements.ts'

/** Appends to the log inside the same transaction; returns the first of consecutive offsets. */
export type AppendToLog = (tx: Tx, events: readonly LogEvent[]) => Promise<number>

type Movement = {
  readonly posting: Posting
  readonly amount: number
  readonly balanceAfter: number
  readonly version: number
}

/**
 * Posts a group of movements: reads the accounts that they touch, decides them one after the other
 * in memory, and writes the result with one statement per table. Nobody else writes meanwhile,
 * since there is one writing transaction at a time, and MOVE_BALANCES proves it.
 */
export const createPostWork = (append: AppendToLog): Work<Posting, Outcome> => ({
  name: 'ledger.post',
  async apply(tx, postings) {
    const recall = await findPriors(tx, postings)
    const accounts = await openAccounts(tx, postings)
    const movements: Movement[] = []
    const refused: { intent: Intent; refusal: Refusal; at: number }[] = []

    const outcomes = postings.map((posting, index): Outcome => {
      const prior = recall(posting.intent)
      if (prior) return prior
      const account = accounts[index]
      if (!account?.now) return { kind: 'unknown-player' }
      const decision = decide(account.now, posting)
      if (decision.kind === 'refuse') {
        const refusal = refusalFor(decision.code, decision.detail, posting.requestId)
        if (posting.intent) refused.push({ intent: posting.intent, refusal, at: posting.at })
        return { kind: 'refused', refusal, replayed: false }
      }
      account.now = decision.account
      const { balance: balanceAfter, version } = decision.account
      movements.push({ posting, amount: decision.amount, balanceAfter, version })
      const entry = { playerId: posting.playerId, amount: decision.amount, balanceAfter }
      return { kind: 'posted', entry, replayed: false }
    })

    if (movements.length > 0) {
      await saveAccounts(tx, accounts)
      const firstOffset = await append(tx, movements.map(toLogEvent))
      await tx.run(
        INSERT_ENTRIES,
        movements.map((movement, i) => toRow(movement, firstOffset + i)),
      )
    }
    if (refused.length > 0) await rememberRefusals(tx, refused)
    return outcomes
  },
})

const NO_REFUSALS: Awaited<ReturnType<typeof findRefusals>> = new Map()

type Prior = Entry & { readonly scope: string; readonly fingerprint: string }

/** Looks up what the keys of `postings` did before. */
async function findPriors(tx: Tx, postings: readonly Posting[]) {
  const intents = postings.flatMap(({ intent }) => (intent ? [intent] : []))
  const scopes = intents.map((intent) => [intent.scope])
  const rows = intents.length > 0 ? await tx.run<Prior>(FIND_KEYS, scopes) : []
  const posted = new Map(rows.map((row) => [row.scope, row]))
  const refused = intents.length > 0 ? await findRefusals(tx, intents) : NO_REFUSALS

  // Most keys are new. Even an empty map makes a string that is looked up unique over all of them.
  const isAllNew = posted.size === 0 && refused.size === 0
  return (intent: Intent | null): Outcome | undefined => {
    if (!intent || isAllNew) return undefined
    const { scope } = intent
    const prior = posted.get(scope) ?? refused.get(scope)
    if (!prior) return undefined
    if (prior.fingerprint !== intent.fingerprint) return { kind: 'key-reused' }
    if ('body' in prior) {
      const { status, body } = prior
      return { kind: 'refused', refusal: { status, body }, replayed: true }
    }
    const { playerId, amount, balanceAfter } = prior
    return { kind: 'posted', entry: { playerId, amount, balanceAfter }, replayed: true }
  }
}

const toLogEvent = ({ posting, amount, balanceAfter }: Movement): LogEvent => ({
  app: posting.app,
  eventType: posting.kind,
  playerId: posting.playerId,
  occurredAt: posting.at,
  receivedAt: posting.at,
  payload: JSON.stringify({
    amount,
    currency: posting.currency,
    balance: balanceAfter,
    // Left out of the text when it is undefined.
    reason: posting.reason ?? undefined,
  }),
})

const toRow = (movement: Movement, offset: number): SqlValue[] => {
  const { posting, amount, balanceAfter, version } = movement
  return [
    posting.playerId,
    offset,
    posting.currency,
    posting.kind,
    amount,
    balanceAfter,
    version,
    posting.reason,
    posting.actor,
    posting.at,
    posting.intent?.scope ?? null,
    posting.intent?.fingerprint ?? null,
  ]
}
