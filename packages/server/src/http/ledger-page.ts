import { LIMITS } from '@questline/contracts'
import type { Ledger } from '../ledger/ledger.ts'
import { toInstant } from '../platform/platform.ts'
import { readCursor, writeCursor } from './cursor.ts'

/** A page of ledger entries in the shape of the contract. */
export async function ledgerPage(
  ledger: Ledger,
  playerId: string,
  query: { readonly limit?: number; readonly cursor?: string },
) {
  const [createdAt = 0, id = 0] = query.cursor === undefined ? [] : readCursor(query.cursor, 2)
  const before = query.cursor === undefined ? null : { createdAt, id }
  const page = await ledger.page(playerId, { before, limit: query.limit ?? LIMITS.pageSizeDefault })
  return {
    entries: page.entries.map(({ id, kind, createdAt, ...entry }) => ({
      ...entry,
      id,
      type: kind,
      ts: toInstant(createdAt),
    })),
    nextCursor: page.next === null ? null : writeCursor([page.next.createdAt, page.next.id]),
  }
}
