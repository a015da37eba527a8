import type { LogEvent } from '@questline/contracts'
import {
  findRefusals,
  type Intent,
  type Refusal,
  refusalFor,
  rememberRefusals,
} from '../idempotency/idempotency.ts'
import type { SqlValue, Tx, Work } from '../store/store.ts'
import {
  type Account,
  decide,
  type Entry,
  NEW_ACCOUNT,
  type Outcome,
  type Posting,
} from './posting.ts'
import {
  FIND_ACCOUNTS,
  FIND_KEYS,
  FIND_PLAYERS,
  INSERT_ENTRIES,
  MOVE_BALANCES,
  OPEN_BALANCES,
} from './statements.ts'

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

    const outcomes = postings.map((posting): Outcome => {
      const prior = recall(posting.intent)
      if (prior) return prior
      const account = accounts.get(posting)
      if (!account) return { kind: 'unknown-player' }
      const decision = decide(account, posting)
      if (decision.kind === 'refuse') {
        const refusal = refusalFor(decision.code, decision.detail, posting.requestId)
        if (posting.intent) refused.push({ intent: posting.intent, refusal, at: posting.at })
        return { kind: 'refused', refusal, replayed: false }
      }
      accounts.set(posting, decision.account)
      const { balance: balanceAfter, version } = decision.account
      movements.push({ posting, amount: decision.amount, balanceAfter, version })
      const entry = { playerId: posting.playerId, amount: decision.amount, balanceAfter }
      return { kind: 'posted', entry, replayed: false }
    })

    if (movements.length > 0) {
      await accounts.save(tx)
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

  return (intent: Intent | null): Outcome | undefined => {
    if (!intent) return undefined
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

type AccountRow = Account & { readonly playerId: string; readonly currency: string }

const nameOf = (of: { readonly playerId: string; readonly currency: string }): string =>
  `${of.currency} ${of.playerId}`

/** The accounts of `postings` as they are now, as the decisions change them, and as they are saved. */
async function openAccounts(tx: Tx, postings: readonly Posting[]) {
  const wanted = new Map(postings.map((posting) => [nameOf(posting), posting]))
  const rows = await tx.run<AccountRow>(
    FIND_ACCOUNTS,
    [...wanted.values()].map(({ playerId, currency }) => [playerId, currency]),
  )
  const before = new Map<string, Account>(rows.map((row) => [nameOf(row), row]))
  const without = [...wanted.values()].filter((posting) => !before.has(nameOf(posting)))
  const known = new Set<string>()
  if (without.length > 0) {
    const players = await tx.run<{ playerId: string }>(
      FIND_PLAYERS,
      without.map((p) => [p.playerId]),
    )
    for (const { playerId } of players) known.add(playerId)
  }
  const after = new Map<string, Account>()

  return {
    /** Undefined when there is no such player. */
    get(posting: Posting): Account | undefined {
      const name = nameOf(posting)
      return (
        after.get(name) ??
        before.get(name) ??
        (known.has(posting.playerId) ? NEW_ACCOUNT : undefined)
      )
    },
    set(posting: Posting, account: Account): void {
      after.set(nameOf(posting), account)
    },
    async save(tx: Tx): Promise<void> {
      const moves: SqlValue[][] = []
      const opens: SqlValue[][] = []
      for (const [name, to] of after) {
        const posting = wanted.get(name)
        if (!posting) throw new Error(`an account was saved that nobody asked for: ${name}`)
        const from = before.get(name)
        const values = [posting.playerId, posting.currency]
        const earned = [to.earnDay, to.earnedOnDay]
        if (!from) opens.push([...values, to.balance, to.version, ...earned])
        else {
          moves.push([...values, to.balance - from.balance, to.version - from.version, ...earned])
        }
      }
      if (opens.length > 0) await tx.run(OPEN_BALANCES, opens)
      if (moves.length > 0) await saveMoves(tx, moves, after)
    },
  }
}

type Moved = Pick<AccountRow, 'playerId' | 'currency' | 'balance' | 'version'>

/** Adds in the database, and holds what it comes to against what was decided. */
async function saveMoves(tx: Tx, moves: SqlValue[][], decided: ReadonlyMap<string, Account>) {
  const moved = await tx.run<Moved>(MOVE_BALANCES, moves)
  const asDecided = moved.every((row) => {
    const account = decided.get(nameOf(row))
    return account?.balance === row.balance && account.version === row.version
  })
  if (moved.length !== moves.length || !asDecided) {
    throw new Error('a balance moved under a writing transaction')
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
    ...(posting.reason === null ? {} : { reason: posting.reason }),
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
