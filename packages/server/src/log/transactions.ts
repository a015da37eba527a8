import { batched, insertStatement, type SqlValue, type Tx } from '../store/store.ts'
import type { NewGameEvent, Outcome, Transaction } from './game-event.ts'

const FIND = batched('log.find-transactions', {
  sqlite: `SELECT store, transaction_id AS "id", player_id AS "playerId",
      amount_micros AS "amountMicros", currency, log_offset AS "offset"
    FROM purchase_transactions WHERE app = $1 AND store = $2 AND transaction_id = $3`,
  postgres: `SELECT n.store, n.id, t.player_id AS "playerId",
      t.amount_micros AS "amountMicros", t.currency, t.log_offset AS "offset"
    FROM unnest($1::text[], $2::text[], $3::text[]) AS n (app, store, id)
    CROSS JOIN LATERAL (SELECT * FROM purchase_transactions p
      WHERE p.app = n.app AND p.store = n.store AND p.transaction_id = n.id LIMIT 1) t`,
})
const INSERT = insertStatement('log.insert-transactions', 'purchase_transactions', {
  app: 'text',
  store: 'text',
  transaction_id: 'text',
  player_id: 'text',
  amount_micros: 'bigint',
  currency: 'text',
  log_offset: 'bigint',
})

/** A store's transaction as an event reported it. */
type Known = Transaction & { readonly playerId: string | null; readonly offset: number }

const keyOf = ({ store, id }: Transaction): string => `${store.length} ${store}${id}`

/**
 * The stores' transactions that `events` of one app name: those that the log knows, and those that
 * are accepted meanwhile.
 */
export async function createTransactions(tx: Tx, app: string, events: readonly NewGameEvent[]) {
  const asked = events.flatMap(({ transaction }) =>
    transaction === null ? [] : [[app, transaction.store, transaction.id]],
  )
  const rows = asked.length === 0 ? [] : await tx.run<Known>(FIND, asked)
  const known = new Map(rows.map((row) => [keyOf(row), row]))
  const taken: SqlValue[][] = []
  return {
    /** The outcome of an event that reports a known transaction; undefined for any other. */
    find({ transaction, playerId }: NewGameEvent): Outcome | undefined {
      const before = transaction === null ? undefined : known.get(keyOf(transaction))
      if (transaction === null || before === undefined) return undefined
      const same =
        before.playerId === playerId &&
        before.amountMicros === transaction.amountMicros &&
        before.currency === transaction.currency
      if (same) return { kind: 'duplicate', byTransaction: true }
      return { kind: 'conflict', byTransaction: true, firstOffset: before.offset }
    },
    take({ transaction, playerId }: NewGameEvent, offset: number): void {
      if (transaction === null) return
      known.set(keyOf(transaction), { ...transaction, playerId, offset })
      const { store, id, amountMicros, currency } = transaction
      taken.push([app, store, id, playerId, amountMicros, currency, offset])
    },
    write: async () => {
      await tx.run(INSERT, taken)
    },
  }
}
