import { spelled, type Tx } from '../store/store.ts'
import type { NewGameEvent, Outcome } from './game-event.ts'
import { createTransactions } from './transactions.ts'

/*
 * Ids and fingerprints of a commit go to the database as one block of bytes, 24 for each event: one
 * statement takes half the time of one for each row, in which most of the time is the way there.
 * SQLite counts the rows by a list of as many zeros, which takes a third of the time of a recursion.
 */
const ROW_BYTES = 24
const ID_BYTES = 16

const ROWS = `(SELECT key AS i FROM json_each('[0' || replace(hex(zeroblob($3 - 1)), '00', ',0') || ']')) AS n`
/** Which rows of the block have an id that the log knows. */
const FIND = spelled('log.find-event-ids', {
  sqlite: `SELECT n.i AS "index", e.fingerprint, e.log_offset AS "offset"
    FROM ${ROWS} CROSS JOIN event_ids e ON e.app = $1 AND e.event_id = substr($2, n.i * 24 + 1, 16)`,
  // LATERAL with LIMIT, since another join might read all ids. The week leads to the one partition that
  // may hold the id; those from before there were partitions lie apart.
  postgres: `SELECT n.i AS "index", e.fingerprint, e.log_offset AS "offset"
    FROM (SELECT i, id, event_week(id) AS week FROM
      (SELECT i, substr($2::bytea, i * 24 + 1, 16) AS id
        FROM generate_series(0, $3::integer - 1) AS s (i) OFFSET 0) AS s OFFSET 0) AS n
    CROSS JOIN LATERAL (
      (SELECT fingerprint, log_offset FROM known_event_ids
        WHERE app = $1 AND event_id = n.id AND week = n.week LIMIT 1)
      UNION ALL (SELECT fingerprint, log_offset FROM event_ids_before
        WHERE app = $1 AND event_id = n.id LIMIT 1)
      LIMIT 1) e`,
})
const INSERT = spelled('log.insert-event-ids', {
  sqlite: `INSERT INTO event_ids (app, event_id, fingerprint, log_offset)
    SELECT $1, substr($2, i * 24 + 1, 16), substr($2, i * 24 + 17, 8), $4 + i FROM ${ROWS}`,
  postgres: `INSERT INTO known_event_ids (app, event_id, week, fingerprint, log_offset)
    SELECT $1::text, id, event_week(id), substr($2::bytea, i * 24 + 17, 8), $4::bigint + i
    FROM (SELECT i, substr($2::bytea, i * 24 + 1, 16) AS id
      FROM generate_series(0, $3::integer - 1) AS s (i) OFFSET 0) AS n`,
})
type Found = {
  readonly index: number
  readonly fingerprint: Uint8Array
  readonly offset: number
}

/** What an id stood for before, in the log or earlier in this commit. */
type Prior = { readonly fingerprint: string; readonly offset: number }

/**
 * Decides the events of one app that are committed together, each beside what was accepted before it,
 * and writes the ids of the new ones. They take the next offsets, in their order.
 */
export async function dedupe(
  tx: Tx,
  app: string,
  events: readonly NewGameEvent[],
): Promise<readonly Outcome[]> {
  if (events.length === 0) return []
  const block = blockOf(events)
  const known = await findIds(tx, app, block, events.length)
  const transactions = await createTransactions(tx, app, events)
  const taken = new Map<string, Prior>()
  const accepted: NewGameEvent[] = []
  const first = tx.takeOffsets(0)
  const outcomes = events.map((event, index): Outcome => {
    const prior = known.get(index) ?? taken.get(event.eventId)
    if (prior) return repeated(prior, event)
    const boughtBefore = transactions.find(event)
    if (boughtBefore) return boughtBefore
    const offset = first + accepted.length
    taken.set(event.eventId, { fingerprint: event.fingerprint, offset })
    transactions.take(event, offset)
    accepted.push(event)
    return { kind: 'accepted', offset }
  })
  tx.takeOffsets(accepted.length)
  const isAll = accepted.length === events.length
  await insertIds(tx, app, isAll ? block : blockOf(accepted), accepted.length, first)
  await transactions.write()
  return outcomes
}

function repeated(prior: Prior, { fingerprint }: NewGameEvent): Outcome {
  if (prior.fingerprint === fingerprint) return { kind: 'duplicate', byTransaction: false }
  return { kind: 'conflict', byTransaction: false, firstOffset: prior.offset }
}

async function findIds(
  tx: Tx,
  app: string,
  block: Uint8Array,
  count: number,
): Promise<ReadonlyMap<number, Prior>> {
  const rows = await tx.run<Found>(FIND, [[app, block, count]])
  return new Map(
    rows.map(({ index, fingerprint: { buffer, byteOffset, byteLength }, offset }) => {
      const fingerprint = Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
      return [index, { fingerprint, offset }]
    }),
  )
}

async function insertIds(
  tx: Tx,
  app: string,
  block: Uint8Array,
  count: number,
  first: number,
): Promise<void> {
  if (count === 0) return
  await tx.run(INSERT, [[app, block, count, first]])
}

function blockOf(events: readonly NewGameEvent[]): Uint8Array {
  const block = Buffer.allocUnsafe(events.length * ROW_BYTES)
  events.forEach(({ eventId, fingerprint }, index) => {
    const at = index * ROW_BYTES
    writeUuid(block, at, eventId)
    block.write(fingerprint, at + ID_BYTES, 'latin1')
  })
  return block
}

const NIBBLES = new Uint8Array(128)
for (let digit = 0; digit < 16; digit += 1) NIBBLES[digit.toString(16).charCodeAt(0)] = digit
const DASH = 0x2d

/** @param uuid in its text form, lower case */
function writeUuid(block: Uint8Array, at: number, uuid: string): void {
  let from = 0
  for (let i = at; i < at + ID_BYTES; i += 1) {
    if (uuid.charCodeAt(from) === DASH) from += 1
    const high = NIBBLES[uuid.charCodeAt(from)] ?? 0
    block[i] = (high << 4) | (NIBBLES[uuid.charCodeAt(from + 1)] ?? 0)
    from += 2
  }
}
