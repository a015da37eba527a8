import { findOnAnalytics, insertOnAnalytics } from '../analytics/analytics.ts'
import { transactionOf } from '../ingest/ingest.ts'
import type { Transaction } from '../log/log.ts'
import { isFields } from '../quality/quality.ts'
import type { Tx } from '../store/store.ts'
import { idOf, keyOfId } from './ids.ts'
import type { Part, PartOf } from './part.ts'

const CLAIM = insertOnAnalytics(
  'stream.claim-transactions',
  'analytics.stream_transactions',
  {
    ...{ app: 'text', store: 'text', transaction_id: 'text', player_id: 'text' },
    ...{ amount_micros: 'bigint', currency: 'text', owner: 'text', received_at: 'bigint' },
  },
  'ON CONFLICT (app, store, transaction_id) DO NOTHING',
)
const FIND = findOnAnalytics('stream.find-transactions', {
  select: `app, store, transaction_id AS "id", player_id AS "playerId",
    amount_micros AS "amountMicros", currency, owner`,
  from: 'analytics.stream_transactions',
  key: { app: 'text', store: 'text', transaction_id: 'text' },
})

/** A store's transaction, and the event that it belongs to. */
type Sale = Transaction & {
  readonly app: string
  readonly playerId: string | null
  /** The record of `events-raw` that brought it, or its offset of the log. */
  readonly owner: string
}
/** By key. */
export type Sales = ReadonlyMap<string, Sale>

const keyOf = ({ app, store, id }: Pick<Sale, 'app' | 'store' | 'id'>): string =>
  JSON.stringify([app, store, id])

/** What an event sells; null for what sells nothing, or stands in the place of what was here before. */
function saleOf(part: Part): Sale | null {
  if (part.part !== 0 || (part.is !== 'event' && part.is !== 'refused')) return null
  const { stored, raw } = part
  if (stored.event_type !== 'purchase' || stored.kind !== undefined) return null
  if (!isFields(stored.event) || stored.replayed_at !== undefined) return null
  const transaction = transactionOf(stored.event)
  if (transaction === null) return null
  const owner = isFromBooks(part) ? `log ${stored.offset}` : `raw ${raw.join(':')}`
  return { ...transaction, app: stored.app, playerId: stored.player_id, owner }
}

/** The books have compared it with all that they have, and answered. */
const isFromBooks = ({ stored }: PartOf<'event'> | PartOf<'refused'>): boolean =>
  stored.fingerprint === undefined

/** How the transaction of a new event came before; null when it is this event's own, or it has none. */
export function soldBefore(part: Part, sales: Sales): 'same' | 'other' | null {
  const sale = saleOf(part)
  if (sale === null || sale.owner.startsWith('log ')) return null
  const before = sales.get(keyOf(sale))
  if (before === undefined || before.owner === sale.owner) return null
  const isSame =
    before.playerId === sale.playerId &&
    before.amountMicros === sale.amountMicros &&
    before.currency === sale.currency
  return isSame ? 'same' : 'other'
}

/** What is known of the transaction of an event, which is not claimed. */
export async function findSales(tx: Tx, part: Part): Promise<Sales> {
  const sale = saleOf(part)
  const found = sale === null ? [] : await tx.run<Sale>(FIND, [[sale.app, sale.store, sale.id]])
  return new Map(found.map((each) => [keyOf(each), each]))
}

/**
 * Settles, before anything is written, which events the transactions of these belong to: of all
 * partitions, whoever's row is there first. A row whose event never came to count is no loss: the same
 * record, read again, finds itself in it.
 * @param known ids that have come before
 */
export async function claimTransactions(
  tx: Tx,
  parts: readonly Part[],
  known: ReadonlyMap<string, string>,
): Promise<Sales> {
  const sales = new Map<string, Sale>()
  for (;;) {
    const wanted = unclaimed(parts, known, sales)
    if (wanted.length === 0) return sales
    // In one order everywhere, or two partitions would wait for each other.
    const rows = wanted.toSorted((a, b) => (keyOf(a.sale) < keyOf(b.sale) ? -1 : 1))
    await tx.run(
      CLAIM,
      rows.map(({ sale, receivedAt }) => [
        ...[sale.app, sale.store, sale.id, sale.playerId, sale.amountMicros, sale.currency],
        ...[sale.owner, receivedAt],
      ]),
    )
    const found = await tx.run<Sale>(
      FIND,
      rows.map(({ sale }) => [sale.app, sale.store, sale.id]),
    )
    for (const sale of found) sales.set(keyOf(sale), sale)
  }
}

type Claim = { readonly sale: Sale; readonly receivedAt: number }

/**
 * The transactions that events will be asked about, each by the first that is new, as far as that can
 * be told: one whose transaction turns out to be another's leaves its id to the next.
 */
function unclaimed(
  parts: readonly Part[],
  known: ReadonlyMap<string, string>,
  sales: Sales,
): readonly Claim[] {
  const wanted = new Map<string, Claim>()
  const taken = new Set<string>()
  for (const part of parts) {
    if (part.is !== 'event' && part.is !== 'refused') continue
    const id = idOf(part)
    const idKey = id === null ? null : keyOfId(id)
    if (idKey !== null && (known.has(idKey) || taken.has(idKey))) continue
    const sale = saleOf(part)
    const owner = sale === null ? null : (sales.get(keyOf(sale))?.owner ?? null)
    if (sale !== null && owner === null && !wanted.has(keyOf(sale))) {
      wanted.set(keyOf(sale), { sale, receivedAt: part.stored.received_at })
    }
    const isOwn = sale === null || (owner ?? wanted.get(keyOf(sale))?.sale.owner) === sale.owner
    if (idKey !== null && isOwn) taken.add(idKey)
  }
  return [...wanted.values()]
}
