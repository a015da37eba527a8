import { batched, type Tx } from '../store/store.ts'
import type { NewGameEvent, Outcome } from './game-event.ts'
import { findTransactions, saysTheSame, transactionKey } from './transactions.ts'

/** An event with the app that it is of: its id is unique within the app. */
export type Arrived = { readonly app: string; readonly event: NewGameEvent }

/**
 * Gives each new id the next offset and leaves out the others. SQLite counts the rows that a
 * connection has changed, so the offsets have no gaps although nobody has looked before whether an
 * id is new: one statement an event, not two.
 */
const INSERT_NEW = batched('log.insert-new-event-ids', {
  sqlite: `INSERT INTO event_ids (app, event_id, fingerprint, log_offset)
    VALUES ($1, $2, $3, $4 + total_changes()) ON CONFLICT DO NOTHING`,
  // One writer at a time, so what is not there stays so. LATERAL, since a join might read all ids.
  postgres: `INSERT INTO event_ids (app, event_id, fingerprint, log_offset)
    SELECT n.app, n.event_id, n.fingerprint, n.base + row_number() OVER (ORDER BY n.place) - 1
    FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bigint[])
      WITH ORDINALITY AS n (app, event_id, fingerprint, base, place)
    LEFT JOIN LATERAL (SELECT 1 AS there FROM event_ids e
      WHERE e.app = n.app AND e.event_id = n.event_id LIMIT 1) e ON true
    WHERE e.there IS NULL`,
})
const CHANGES = batched('log.changes', {
  sqlite: 'SELECT total_changes() AS changes',
  postgres: 'SELECT 0 AS changes',
})
const FIND = batched('log.find-event-ids', {
  sqlite: `SELECT app, event_id AS "eventId", fingerprint, log_offset AS "offset"
    FROM event_ids WHERE app = $1 AND event_id = $2`,
  postgres: `SELECT n.app, n.event_id AS "eventId", e.fingerprint, e.log_offset AS "offset"
    FROM unnest($1::text[], $2::bytea[]) AS n (app, event_id)
    CROSS JOIN LATERAL (SELECT fingerprint, log_offset FROM event_ids i
      WHERE i.app = n.app AND i.event_id = n.event_id LIMIT 1) e`,
})
type FoundId = {
  readonly app: string
  readonly eventId: Uint8Array
  readonly fingerprint: Uint8Array
  readonly offset: number
}

/** What an id stood for before: in the log, or, with `index`, earlier in this commit. */
type Prior =
  | { readonly fingerprint: Uint8Array; readonly offset: number }
  | { readonly fingerprint: Uint8Array; readonly index: number }

/** A verdict that may point to an event of this very commit, which has no offset yet. */
type Pending =
  | { readonly kind: 'new' }
  | { readonly kind: 'duplicate'; readonly byTransaction: boolean }
  | { readonly kind: 'conflict'; readonly byTransaction: boolean; readonly first: Place }
type Place = { readonly offset: number } | { readonly index: number }

/**
 * Decides all events of a commit, in their order, and writes the ids of the new ones. Takes the
 * offsets of the accepted ones, which follow each other in the order of the events.
 */
export async function dedupe(tx: Tx, arrived: readonly Arrived[]): Promise<readonly Outcome[]> {
  const special = specialOf(arrived)
  const pending = await decideSpecial(tx, arrived, special)
  const fresh = arrived.flatMap((_, index) =>
    (pending.get(index)?.kind ?? 'new') === 'new' ? [index] : [],
  )
  const offsets = await insertNew(tx, arrived, fresh)
  const priors = offsets.size === fresh.length ? null : await findIds(tx, pick(arrived, fresh))
  return arrived.map(({ app, event }, index): Outcome => {
    const verdict = pending.get(index)
    if (verdict !== undefined && verdict.kind !== 'new') return settled(verdict, offsets)
    const offset = offsets.get(index)
    if (offset !== undefined) return { kind: 'accepted', offset }
    const prior = priors?.get(idKey(app, event.idBytes))
    if (!prior) throw new Error(`the id ${event.eventId} is neither new nor known`)
    return settled(repeated(prior, event), offsets)
  })
}

const pick = (arrived: readonly Arrived[], indexes: readonly number[]): Arrived[] =>
  indexes.flatMap((index) => arrived[index] ?? [])

function settled(
  verdict: Exclude<Pending, { kind: 'new' }>,
  offsets: ReadonlyMap<number, number>,
): Outcome {
  if (verdict.kind === 'duplicate') return verdict
  const { kind, byTransaction, first } = verdict
  const offset = 'offset' in first ? first.offset : offsets.get(first.index)
  if (offset === undefined) throw new Error('the first of two events got no offset')
  return { kind, byTransaction, firstOffset: offset }
}

/**
 * Inserts the ids of `fresh` as far as they are new, and takes their offsets.
 * @returns the offset of each that was
 */
async function insertNew(
  tx: Tx,
  arrived: readonly Arrived[],
  fresh: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const next = tx.takeOffsets(0)
  const [counted] = await tx.run<{ changes: number }>(CHANGES, [[]])
  const base = next - (counted?.changes ?? 0)
  const chosen = pick(arrived, fresh)
  const inserted = await tx.change(
    INSERT_NEW,
    chosen.map(({ app, event }) => [app, event.idBytes, event.fingerprint, base]),
  )
  tx.takeOffsets(inserted)
  const offsets = new Map<number, number>()
  if (inserted === fresh.length) {
    fresh.forEach((index, place) => {
      offsets.set(index, next + place)
    })
    return offsets
  }
  const found = await findIds(tx, chosen)
  for (const index of fresh) {
    const one = arrived[index]
    const id = one && found.get(idKey(one.app, one.event.idBytes))
    if (id && id.offset >= next) offsets.set(index, id.offset)
  }
  return offsets
}

async function findIds(tx: Tx, arrived: readonly Arrived[]): Promise<Map<string, FoundId>> {
  const rows = await tx.run<FoundId>(
    FIND,
    arrived.map(({ app, event }) => [app, event.idBytes]),
  )
  return new Map(rows.map((row) => [idKey(row.app, row.eventId), row]))
}

const idKey = (app: string, id: Uint8Array): string =>
  `${Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1')}${app}`

/** Whose verdict depends on other rows than its own id's: a store's transaction, an id that comes twice. */
function specialOf(arrived: readonly Arrived[]): readonly number[] {
  const special = new Set<number>()
  const seen = new Map<string, Map<string, number>>()
  let own = new Map<string, number>()
  let ownApp: string | null = null
  arrived.forEach(({ app, event }, index) => {
    if (event.transaction !== null) special.add(index)
    // Nearly all events of a commit are of one app, so no key is made of both.
    if (app !== ownApp) {
      own = seen.get(app) ?? new Map()
      seen.set(app, own)
      ownApp = app
    }
    const earlier = own.get(event.eventId)
    if (earlier === undefined) own.set(event.eventId, index)
    else special.add(earlier).add(index)
  })
  return [...special].sort((a, b) => a - b)
}

/** One after the other, each beside what the database and the accepted ones before it say. */
async function decideSpecial(
  tx: Tx,
  arrived: readonly Arrived[],
  indexes: readonly number[],
): Promise<ReadonlyMap<number, Pending>> {
  const decided = new Map<number, Pending>()
  if (indexes.length === 0) return decided
  const special = pick(arrived, indexes)
  const ids = new Map<string, Prior>(await findIds(tx, special))
  const transactions = await findTransactions(tx, special)
  indexes.forEach((index, position) => {
    const one = special[position]
    if (!one) return
    const key = idKey(one.app, one.event.idBytes)
    const bought = transactionKey(one)
    const prior = ids.get(key)
    const earlier = bought === null ? undefined : transactions.get(bought)
    const verdict = prior
      ? repeated(prior, one.event)
      : earlier
        ? boughtAgain(saysTheSame(earlier, one.event), earlier.place)
        : ({ kind: 'new' } as const)
    decided.set(index, verdict)
    if (verdict.kind !== 'new') return
    ids.set(key, { fingerprint: one.event.fingerprint, index })
    if (bought !== null && one.event.transaction) {
      const { amountMicros, currency } = one.event.transaction
      const { playerId } = one.event
      transactions.set(bought, { playerId, amountMicros, currency, place: { index } })
    }
  })
  return decided
}

const boughtAgain = (same: boolean, first: Place): Exclude<Pending, { kind: 'new' }> =>
  same
    ? { kind: 'duplicate', byTransaction: true }
    : { kind: 'conflict', byTransaction: true, first }

function repeated(prior: Prior, { fingerprint }: NewGameEvent): Exclude<Pending, { kind: 'new' }> {
  if (Buffer.compare(prior.fingerprint, fingerprint) === 0) {
    return { kind: 'duplicate', byTransaction: false }
  }
  const first = 'offset' in prior ? { offset: prior.offset } : { index: prior.index }
  return { kind: 'conflict', byTransaction: false, first }
}

/** Drops ids from the index, together with the payload that names them. */
export const FORGET_IDS = batched('log.forget-event-ids', {
  sqlite: 'DELETE FROM event_ids WHERE app = $1 AND event_id = $2 AND log_offset = $3',
  postgres: `DELETE FROM event_ids e USING unnest($1::text[], $2::bytea[], $3::bigint[])
    AS n (app, event_id, log_offset)
    WHERE e.app = n.app AND e.event_id = n.event_id AND e.log_offset = n.log_offset`,
})
