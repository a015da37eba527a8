import type { SqlValue, Tx } from '../store/store.ts'
import { type Account, NEW_ACCOUNT, type Posting } from './posting.ts'
import { FIND_ACCOUNTS, FIND_PLAYERS, MOVE_BALANCES, OPEN_BALANCES } from './statements.ts'

/** An account that a group of postings touches. */
export type OpenAccount = {
  readonly playerId: string
  readonly currency: string
  /** As the transaction found it; null when nothing ever moved it. */
  before: Account | null
  /** As the decisions leave it; null when there is no such player. */
  now: Account | null
}

type AccountRow = Account & { readonly playerId: string; readonly currency: string }

/** The account of each posting, in their order; postings of one account share one. */
export async function openAccounts(
  tx: Tx,
  postings: readonly Posting[],
): Promise<readonly OpenAccount[]> {
  // Two maps, since a name made of both would be made unique among all strings at each look.
  const byCurrency = new Map<string, Map<string, OpenAccount>>()
  const wanted: OpenAccount[] = []
  const accounts = postings.map(({ playerId, currency }) => {
    const byPlayer = byCurrency.get(currency) ?? new Map<string, OpenAccount>()
    if (byPlayer.size === 0) byCurrency.set(currency, byPlayer)
    const known = byPlayer.get(playerId)
    if (known) return known
    const account: OpenAccount = { playerId, currency, before: null, now: null }
    byPlayer.set(playerId, account)
    wanted.push(account)
    return account
  })
  const tuples = wanted.map(({ playerId, currency }) => [playerId, currency])
  for (const row of await tx.run<AccountRow>(FIND_ACCOUNTS, tuples)) {
    const account = byCurrency.get(row.currency)?.get(row.playerId)
    if (account) account.before = account.now = row
  }
  await findPlayers(
    tx,
    wanted.filter(({ before }) => before === null),
  )
  return accounts
}

/** Whoever exists may have an account in any currency. */
async function findPlayers(tx: Tx, accounts: readonly OpenAccount[]): Promise<void> {
  const ids = accounts.map(({ playerId }) => [playerId])
  const rows = await tx.run<{ playerId: string }>(FIND_PLAYERS, ids)
  const players = new Set(rows.map(({ playerId }) => playerId))
  for (const account of accounts) if (players.has(account.playerId)) account.now = NEW_ACCOUNT
}

/** Writes what the decisions changed. Adds in the database, and holds what it comes to against them. */
export async function saveAccounts(tx: Tx, accounts: readonly OpenAccount[]): Promise<void> {
  const moves: SqlValue[][] = []
  const opens: SqlValue[][] = []
  for (const { playerId, currency, before, now } of new Set(accounts)) {
    if (now === null || now === before || now === NEW_ACCOUNT) continue
    const { balance, version, earnDay, earnedOnDay } = now
    if (before === null) {
      opens.push([playerId, currency, balance, version, earnDay, earnedOnDay])
    } else {
      const added = [balance - before.balance, version - before.version]
      moves.push([playerId, currency, ...added, earnDay, earnedOnDay, balance, version])
    }
  }
  await tx.run(OPEN_BALANCES, opens)
  if ((await tx.change(MOVE_BALANCES, moves)) !== moves.length) {
    throw new Error('a balance moved under a writing transaction')
  }
}
