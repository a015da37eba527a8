import { batched, insertStatement, type Tx } from '../store/store.ts'
import type { Arrived } from './dedupe.ts'
import type { NewGameEvent } from './game-event.ts'

/** A store's transaction that the log knows, or that an earlier event of this commit brought. */
export type KnownTransaction = {
  readonly playerId: string | null
  readonly amountMicros: number | null
  readonly currency: string | null
  readonly place: { readonly offset: number } | { readonly index: number }
}

const FIND = batched('log.find-transactions', {
  sqlite: `SELECT app, store, transaction_id AS "id", player_id AS "playerId",
      amount_micros AS "amountMicros", currency, log_offset AS "offset"
    FROM purchase_transactions WHERE app = $1 AND store = $2 AND transaction_id = $3`,
  postgres: `SELECT n.app, n.store, n.id, t.player_id AS "playerId",
      t.amount_micros AS "amountMicros", t.currency, t.log_offset AS "offset"
    FROM unnest($1::text[], $2::text[], $3::text[]) AS n (app, store, id)
    CROSS JOIN LATERAL (SELECT * FROM purchase_transactions p
      WHERE p.app = n.app AND p.store = n.store AND p.transaction_id = n.id LIMIT 1) t`,
})
const INSERT = insertStatement('log.insert-transactions', 'purchase_transactions', {
  app: 'text',
  store: 'text',
  transaction_id: 'text',
  event_id: 'bytea',
  player_id: 'text',
  amount_micros: 'bigint',
  currency: 'text',
  log_offset: 'bigint',
})

type Row = {
  readonly app: string
  readonly store: string
  readonly id: string
  readonly playerId: string | null
  readonly amountMicros: number | null
  readonly currency: string | null
  readonly offset: number
}

const keyOf = (app: string, store: string, id: string): string => JSON.stringify([app, store, id])

/** Names the transaction of a purchase; null where it names none. */
export const transactionKey = ({ app, event: { transaction } }: Arrived): string | null =>
  transaction === null ? null : keyOf(app, transaction.store, transaction.id)

/** The transactions of `arrived` that the log knows. */
export async function findTransactions(
  tx: Tx,
  arrived: readonly Arrived[],
): Promise<Map<string, KnownTransaction>> {
  const asked = arrived.flatMap(({ app, event: { transaction } }) =>
    transaction === null ? [] : [[app, transaction.store, transaction.id]],
  )
  const rows = await tx.run<Row>(FIND, asked)
  return new Map(
    rows.map(({ app, store, id, offset, ...said }) => [
      keyOf(app, store, id),
      { ...said, place: { offset } },
    ]),
  )
}

export async function insertTransactions(
  tx: Tx,
  accepted: readonly (Arrived & { readonly offset: number })[],
): Promise<void> {
  await tx.run(
    INSERT,
    accepted.flatMap(({ app, event, offset }) => {
      const { transaction, idBytes, playerId } = event
      if (transaction === null) return []
      const { store, id, amountMicros, currency } = transaction
      return [[app, store, id, idBytes, playerId, amountMicros, currency, offset]]
    }),
  )
}

/** Whether an event reports what is known: then it is another report of one purchase. */
export function saysTheSame(known: KnownTransaction, event: NewGameEvent): boolean {
  return (
    known.playerId === event.playerId &&
    known.amountMicros === (event.transaction?.amountMicros ?? null) &&
    known.currency === (event.transaction?.currency ?? null)
  )
}
