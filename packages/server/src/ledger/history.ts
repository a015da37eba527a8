import type { Store } from '../store/store.ts'
import type { EntryKind } from './posting.ts'
import { BALANCE, PAGE, WALLET } from './statements.ts'

export type LedgerRow = {
  readonly id: number
  readonly kind: EntryKind
  readonly currency: string
  readonly amount: number
  readonly balanceAfter: number
  readonly reason: string | null
  readonly key: string | null
  readonly createdAt: number
}
/** `next` is the id to continue before, null on the last page. */
export type LedgerPage = { readonly entries: readonly LedgerRow[]; readonly next: number | null }

export async function readBalance(store: Store, playerId: string, currency: string) {
  const [row] = await store.read<{ balance: number }>(BALANCE, [playerId, currency])
  return row?.balance ?? 0
}

export const readWallet = (store: Store, playerId: string) =>
  store.read<{ currency: string; balance: number }>(WALLET, [playerId])

export async function readPage(
  store: Store,
  playerId: string,
  page: { readonly before: number | null; readonly limit: number },
): Promise<LedgerPage> {
  const rows = await store.read<LedgerRow>(PAGE, [
    playerId,
    page.before ?? Number.MAX_SAFE_INTEGER,
    page.limit + 1,
  ])
  const entries = rows.slice(0, page.limit)
  return { entries, next: rows.length > page.limit ? (entries.at(-1)?.id ?? null) : null }
}
