import { findOnAnalytics, insertOnAnalytics, onAnalytics } from '../analytics/analytics.ts'
import type { Read, Tx } from '../store/store.ts'
import { PositionMoved } from './follow.ts'

const READ_CHECKPOINTS = onAnalytics(
  'stream.checkpoints',
  `SELECT partition_number AS "partition", next_offset AS "next", seen
  FROM analytics.stream_checkpoints WHERE topic = $1 ORDER BY partition_number`,
)
const READ_POSITIONS = onAnalytics(
  'stream.positions',
  `SELECT partition_number AS "partition", next_offset AS "next"
  FROM analytics.stream_checkpoints WHERE topic = $1`,
)
const BEGIN = insertOnAnalytics(
  'stream.begin',
  'analytics.stream_checkpoints',
  { topic: 'text', partition_number: 'bigint', next_offset: 'bigint', seen: 'text' },
  'ON CONFLICT (topic, partition_number) DO NOTHING',
)
/** Only from where it is thought to be, and first in its transaction: the fence between replicas. */
const MOVE = onAnalytics(
  'stream.move-checkpoint',
  `UPDATE analytics.stream_checkpoints SET next_offset = $4, seen = $5
  WHERE topic = $1 AND partition_number = $2 AND next_offset = $3`,
)
const FIND_IDS = findOnAnalytics('stream.find-ids', {
  select: 'app, event_id AS "eventId", part, fingerprint',
  from: 'analytics.stream_event_ids',
  key: { app: 'text', event_id: 'text', part: 'bigint' },
})
const KEEP_IDS = insertOnAnalytics(
  'stream.keep-ids',
  'analytics.stream_event_ids',
  {
    ...{ app: 'text', event_id: 'text', part: 'bigint', fingerprint: 'text' },
    received_at: 'bigint',
  },
  'ON CONFLICT (app, event_id, part) DO NOTHING',
)
const SUMS = ['enriched', 'rejected', 'duplicates', 'conflicts']
const ADD_COUNTS = insertOnAnalytics(
  'stream.add-counts',
  'analytics.stream_counts',
  {
    ...{ app: 'text', minute: 'bigint', partition_number: 'bigint', enriched: 'bigint' },
    ...{ rejected: 'bigint', duplicates: 'bigint', conflicts: 'bigint' },
  },
  `ON CONFLICT (app, minute, partition_number) DO UPDATE SET
    ${SUMS.map((sum) => `${sum} = stream_counts.${sum} + excluded.${sum}`).join(', ')}`,
)
const READ_COUNTS = onAnalytics(
  'stream.read-counts',
  `SELECT app, minute, ${SUMS.map((sum) => `sum(${sum}) AS ${sum}`).join(', ')}
  FROM analytics.stream_counts WHERE app = $1 AND minute >= $2 AND minute < $3
  GROUP BY app, minute ORDER BY minute`,
)
const FIND_RATES = onAnalytics(
  'stream.find-rates',
  `SELECT day, currency, usd_per_unit AS "usdPerUnit" FROM analytics.stream_rates
  WHERE topic = $1 AND partition_number = $2`,
)
const KEEP_RATES = insertOnAnalytics(
  'stream.keep-rates',
  'analytics.stream_rates',
  {
    ...{ topic: 'text', partition_number: 'bigint', day: 'bigint' },
    ...{ currency: 'text', usd_per_unit: 'text' },
  },
  `ON CONFLICT (topic, partition_number, day, currency)
    DO UPDATE SET usd_per_unit = excluded.usd_per_unit`,
)

export type StreamCheckpoint = { readonly next: number; readonly seen: string }

export async function readCheckpoints(
  read: Read,
  topic: string,
): Promise<ReadonlyMap<number, StreamCheckpoint>> {
  const rows = await read<StreamCheckpoint & { readonly partition: number }>(READ_CHECKPOINTS, [
    topic,
  ])
  return new Map(rows.map(({ partition, ...checkpoint }) => [partition, checkpoint]))
}

/** @throws PositionMoved when another has moved one of the checkpoints meanwhile */
export async function assertAt(
  tx: Tx,
  topic: string,
  positions: readonly { readonly partition: number; readonly from: number }[],
): Promise<void> {
  type Row = { readonly partition: number; readonly next: number }
  const rows = await tx.run<Row>(READ_POSITIONS, [[topic]])
  const nexts = new Map(rows.map(({ partition, next }) => [partition, next]))
  for (const { partition, from } of positions) {
    if (nexts.get(partition) !== from) throw moved(topic, partition, from)
  }
}

const moved = (topic: string, partition: number, from: number): PositionMoved =>
  new PositionMoved(`${topic}, partition ${partition}: not at ${from} any more`)

/** Rows for partitions that nobody has read yet. */
export const beginCheckpoints = (
  tx: Tx,
  topic: string,
  first: ReadonlyMap<number, number>,
): Promise<unknown> =>
  tx.run(
    BEGIN,
    [...first].map(([partition, offset]) => [topic, partition, offset, '']),
  )

export type Move = {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly to: number
  readonly seen: string
}

/** @throws PositionMoved when it is not at `from` any more, so that nothing of this transaction stays */
export async function moveCheckpoint(tx: Tx, move: Move): Promise<void> {
  const { topic, partition, from, to, seen } = move
  const changed = await tx.change(MOVE, [[topic, partition, from, to, seen]])
  if (changed !== 1) throw moved(topic, partition, from)
}

/** An event that did not go through the books, for one of its players. */
export type StreamId = {
  readonly app: string
  readonly eventId: string
  readonly part: number
  readonly fingerprint: string
}

export const findIds = (
  tx: Tx,
  ids: readonly Omit<StreamId, 'fingerprint'>[],
): Promise<StreamId[]> =>
  tx.run(
    FIND_IDS,
    ids.map(({ app, eventId, part }) => [app, eventId, part]),
  )

export const keepIds = (
  tx: Tx,
  ids: readonly (StreamId & { readonly receivedAt: number })[],
): Promise<unknown> =>
  tx.run(
    KEEP_IDS,
    ids.map((id) => [id.app, id.eventId, id.part, id.fingerprint, id.receivedAt]),
  )

/** Events that games have sent, by the minute of their receipt. */
export type StreamCount = {
  readonly app: string
  readonly minute: number
  readonly enriched: number
  readonly rejected: number
  readonly duplicates: number
  readonly conflicts: number
}

export const addCounts = (
  tx: Tx,
  partition: number,
  counts: readonly StreamCount[],
): Promise<unknown> =>
  tx.run(
    ADD_COUNTS,
    counts.map((of) => [
      ...[of.app, of.minute, partition, of.enriched, of.rejected, of.duplicates, of.conflicts],
    ]),
  )

/** By minute; times in milliseconds, `to` not included. */
export async function readStreamCounts(
  read: Read,
  app: string,
  from: number,
  to: number,
): Promise<StreamCount[]> {
  const rows = await read<StreamCount>(READ_COUNTS, [app, from, to])
  // PostgreSQL gives sums as text.
  return rows.map((row) => ({
    ...{ app: row.app, minute: Number(row.minute), enriched: Number(row.enriched) },
    ...{ rejected: Number(row.rejected), duplicates: Number(row.duplicates) },
    conflicts: Number(row.conflicts),
  }))
}

export type StreamRate = {
  readonly day: number
  readonly currency: string
  readonly usdPerUnit: string
}

export const findRates = (read: Read, topic: string, partition: number): Promise<StreamRate[]> =>
  read(FIND_RATES, [topic, partition])

export const keepRates = (
  tx: Tx,
  topic: string,
  partition: number,
  rates: readonly StreamRate[],
): Promise<unknown> =>
  tx.run(
    KEEP_RATES,
    rates.map(({ day, currency, usdPerUnit }) => [topic, partition, day, currency, usdPerUnit]),
  )
