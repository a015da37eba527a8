import { keyOf } from '../idempotency/idempotency.ts'
import type { Store } from '../store/store.ts'
import type { EntryKind } from './posting.ts'
import { PAGE, WALLET } from './statements.ts'

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
/** Where a page ends: the next one begins before it. */
export type PagePosition = { readonly createdAt: number; readonly id: number }
/** `next` is null on the last page. */
export type LedgerPage = {
  readonly entries: readonly LedgerRow[]
  readonly next: PagePosition | null
}

export async function readWallet(store: Store, playerId: string) {
  const rows = await store.read<{ currency: string; balance: number }>(WALLET, [playerId])
  // Sorted here, since a database may sort text by the rules of a language.
  return rows.sort((a, b) => (a.currency < b.currency ? -1 : 1))
}

type StoredRow = Omit<LedgerRow, 'key'> & { readonly scope: string | null }

const FIRST: PagePosition = { createdAt: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER }

export async function readPage(
  store: Store,
  playerId: string,
  page: { readonly before: PagePosition | null; readonly limit: number },
): Promise<LedgerPage> {
  // The page passes over whatever else the player did: 0.1 s for 300,000 events and no movement.
  const accounts = await store.read(WALLET, [playerId])
  if (accounts.length === 0) return { entries: [], next: null }
  const { createdAt, id } = page.before ?? FIRST
  const rows = await store.read<StoredRow>(PAGE, [playerId, createdAt, id, page.limit + 1])
  const entries = rows
    .slice(0, page.limit)
    .map(({ scope, ...row }) => ({ ...row, key: scope === null ? null : keyOf(scope) }))
  return { entries, next: rows.length > page.limit ? (entries.at(-1) ?? null) : null }
}
