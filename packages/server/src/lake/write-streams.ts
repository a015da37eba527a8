import { join } from 'node:path'
import { type LakeEngine, withEngine } from './engine.ts'
import {
  inOrder,
  LakeError,
  type LakeFile,
  type Perhaps,
  readManifest,
  STREAMS,
  type StreamName,
  type StreamPosition,
  type StreamsState,
  type Topic,
  writeManifest,
} from './manifest.ts'
import type { TextRow } from './staged-rows.ts'
import { clearAside, type OnStep } from './write-batch.ts'
import { asideFolder, writeTopic } from './write-files.ts'

/** A record of Kafka, as the lake takes it. */
export type StreamRecord = { readonly partition: number } & (
  | {
      readonly is: 'event'
      /** Of the players of its event. */
      readonly part: number
      /** Of the log, where it went through the books. */
      readonly logOffset: number | null
      /** Where it was made of in the step before; null where nobody writes copies. */
      readonly from: readonly [partition: number, offset: number] | null
      readonly row: TextRow
    }
  | { readonly is: 'beat'; readonly timeMs: number }
  /** Counts for nothing here. */
  | { readonly is: 'nothing' }
)

/** The topics of Kafka that the lake follows. */
export interface StreamSource {
  /** Before the names of the topics: others are other events. */
  readonly prefix: string
  /** First offset that there is of each partition, and the one that the next record gets. */
  ends(stream: StreamName): Promise<readonly { readonly first: number; readonly next: number }[]>
  /** All records of the partitions from `from` up to `to`, which is not included; each partition in order. */
  read(
    stream: StreamName,
    from: ReadonlyMap<number, number>,
    to: ReadonlyMap<number, number>,
  ): AsyncIterable<readonly StreamRecord[]>
}

export type StreamsParts = { readonly source: StreamSource; readonly onStep?: OnStep }
export type StreamsSettings = {
  readonly folder: string
  readonly memoryLimitMb: number
  /** Records of each topic that a batch has at most, about. */
  readonly batchEvents: number
}

/** What is read first is written first, so that what judges is never ahead of what was judged. */
const READ_ORDER = ['enriched', 'rejected', 'raw'] as const satisfies readonly StreamName[]
const TOPIC_OF = {
  raw: 'kafka-raw',
  enriched: 'kafka-enriched',
  rejected: 'kafka-rejected',
} as const satisfies Record<StreamName, Topic>

type Positions = Perhaps<StreamPosition>

/**
 * The lake follows Kafka from now on: what the log holds so far was enriched from there, and copies of
 * that, which come when the relay begins with the log's beginning, are left out. Only under the lease.
 */
export function beginStreams(folder: string, prefix: string): StreamsState {
  const manifest = readManifest(folder)
  const { streams, upto } = manifest
  if (streams === undefined) {
    const positions = { raw: {}, enriched: {}, rejected: {} }
    const begun = { prefix, after: upto, from_ms: 0, settled_ms: null, positions, planned: null }
    writeManifest(folder, { ...manifest, streams: begun })
    return begun
  }
  if (streams.prefix !== prefix) {
    throw new LakeError(
      `the lake in ${folder} follows the topics of KAFKA_TOPIC_PREFIX "${streams.prefix}" and not of "${prefix}", which may hold the same events once more: give each a lake of its own (LAKE_DIR)`,
    )
  }
  return streams
}

/**
 * Writes what Kafka has and the files have not, a batch at most: the manifest says where the partitions
 * end, the files appear, the manifest lists them together with the new positions. Whoever dies leaves
 * a plan, which its successor carries out under the same names. Only under the lease.
 * @returns how many records that was; 0 at the end
 */
export async function writeStreams(
  { source, onStep = () => undefined }: StreamsParts,
  { folder, memoryLimitMb, batchEvents }: StreamsSettings,
): Promise<number> {
  const begun = beginStreams(folder, source.prefix)
  const streams = begun.planned === null ? await plan(source, begun, batchEvents) : begun
  const { planned } = streams
  if (planned === null) return 0
  clearAside(folder)
  if (begun.planned === null) writeManifest(folder, { ...readManifest(folder), streams })
  onStep('streams planned')
  const scratch = join(asideFolder(folder), 'spill')
  const settings = { threads: 1, memoryLimitMb, scratch, folders: [folder] }
  const { files, positions } = await withEngine(settings, (engine) =>
    writeAll(engine, source, folder, { streams, planned }, onStep),
  )
  const manifest = readManifest(folder)
  const settled_ms = settledOf(streams, planned, batchEvents)
  onStep('streams listing')
  writeManifest(folder, {
    ...{ ...manifest, files: inOrder([...manifest.files, ...files]) },
    streams: { ...streams, positions, settled_ms, planned: null },
  })
  onStep('streams listed')
  return STREAMS.reduce(
    (sum, name) => sum + sumOf(nexts(positions[name])) - sumOf(nexts(streams.positions[name])),
    0,
  )
}

/** With no plan when there is nothing new. A partition that is new to us begins with what there is. */
async function plan(
  source: StreamSource,
  streams: StreamsState,
  batchEvents: number,
): Promise<StreamsState> {
  const planned: Planned = { raw: {}, enriched: {}, rejected: {} }
  const positions: Record<StreamName, Positions> = { ...streams.positions }
  let isNew = false
  for (const name of READ_ORDER) {
    const ends = await source.ends(name)
    const known = { ...positions[name] }
    ends.forEach(({ first, next }, partition) => {
      const at = known[partition] ?? { next: first, seen: {}, beat: null }
      if (next < at.next || at.next < first) {
        throw new LakeError(goneText(name, partition, at.next, first, next))
      }
      known[partition] = at
      planned[name][partition] = Math.min(next, at.next + mostOf(ends.length, batchEvents))
      isNew ||= next > at.next
    })
    positions[name] = known
  }
  return { ...streams, positions, planned: isNew ? planned : null }
}
type Planned = Record<StreamName, Record<string, number | undefined>>

/** Of a partition in a batch. */
const mostOf = (partitions: number, batchEvents: number): number =>
  Math.max(1, Math.ceil(batchEvents / Math.max(1, partitions)))

const goneText = (
  name: StreamName,
  partition: number,
  at: number,
  first: number,
  next: number,
): string =>
  `the lake is at ${at} of partition ${partition} of events-${name}, which holds ${first} to ${next}: its retention is too short for how long the lake stood still, or the topic was made anew`

type Work = {
  readonly streams: StreamsState
  readonly planned: NonNullable<StreamsState['planned']>
}
type Written = {
  readonly files: readonly LakeFile[]
  readonly positions: StreamsState['positions']
}

async function writeAll(
  engine: LakeEngine,
  source: StreamSource,
  folder: string,
  { streams, planned }: Work,
  onStep: OnStep,
): Promise<Written> {
  const files: LakeFile[] = []
  const positions = { ...streams.positions }
  for (const name of READ_ORDER) {
    const from = nexts(streams.positions[name])
    const to = new Map(Object.entries(planned[name]).map(([key, end]) => [Number(key), end ?? 0]))
    const offsets = { first: sumOf(from) + 1, last: sumOf(to) }
    if (offsets.last < offsets.first) {
      positions[name] = moved(streams.positions[name], to, null)
      continue
    }
    const reading = createReading(streams.positions[name], streams.after)
    const write = (topic: Topic, rows: AsyncIterable<readonly TextRow[]>) =>
      writeTopic(
        engine,
        folder,
        topic,
        () => rows,
        offsets,
        (path) => onStep(`written ${path}`),
      )
    files.push(...(await write(TOPIC_OF[name], reading.rows(source.read(name, from, to)))))
    files.push(...(await write('kafka-sides', pageOf(reading.sides))))
    positions[name] = moved(streams.positions[name], to, reading)
  }
  return { files, positions }
}

async function* pageOf(rows: readonly TextRow[]): AsyncIterable<readonly TextRow[]> {
  if (rows.length > 0) yield rows
}

/** Rows of what is new, and what is learned on the way. */
function createReading(positions: Positions, after: number) {
  const seen = new Map<string, number>()
  const beats = new Map<number, number>()
  const sides: TextRow[] = []

  const isCopy = (partition: number, from: readonly [number, number] | null): boolean => {
    if (from === null) return false
    const [source, offset] = from
    const key = `${partition} ${source}`
    const last = seen.get(key) ?? positions[partition]?.seen[source] ?? -1
    if (offset <= last) return true
    seen.set(key, offset)
    return false
  }

  return {
    seen,
    beats,
    /** Few, and without the event itself: they are held. */
    sides,
    async *rows(pages: AsyncIterable<readonly StreamRecord[]>): AsyncIterable<readonly TextRow[]> {
      for await (const page of pages) {
        const rows: TextRow[] = []
        for (const record of page) {
          if (record.is === 'beat') {
            const { partition, timeMs } = record
            beats.set(partition, Math.max(timeMs, beats.get(partition) ?? timeMs))
          }
          if (record.is !== 'event' || isCopy(record.partition, record.from)) continue
          if (record.logOffset !== null && record.logOffset <= after) continue
          if (record.part === 0) rows.push(record.row)
          else sides.push([record.row[0], null])
        }
        yield rows
      }
    },
  }
}

function moved(
  before: Positions,
  to: ReadonlyMap<number, number>,
  reading: Pick<ReturnType<typeof createReading>, 'seen' | 'beats'> | null,
): Positions {
  const entries = [...to].map(([partition, next]): [string, StreamPosition] => {
    const own = [...(reading?.seen ?? [])].flatMap(([key, offset]) => {
      const [of, source] = key.split(' ')
      return Number(of) === partition && source !== undefined ? [[source, offset] as const] : []
    })
    const seen = { ...before[partition]?.seen, ...Object.fromEntries(own) }
    const beat = reading?.beats.get(partition) ?? before[partition]?.beat ?? null
    return [String(partition), { next, seen, beat }]
  })
  return Object.fromEntries(entries)
}

/**
 * As of the batch before: a heartbeat and what was rejected before it are written to two topics at the
 * same time, so that one may be here and the other only in the next batch.
 */
function settledOf(
  { positions, settled_ms: before }: StreamsState,
  planned: NonNullable<StreamsState['planned']>,
  batchEvents: number,
): number | null {
  const from = nexts(positions.rejected)
  const most = mostOf(from.size, batchEvents)
  // Else there is more of it than this batch takes.
  const isWhole = [...from].every(([at, next]) => (planned.rejected[at] ?? next) - next < most)
  if (!isWhole) return before
  const beats = Object.values(positions.enriched).map((position) => position?.beat ?? null)
  const told = beats.flatMap((beat) => (beat === null ? [] : [beat]))
  if (told.length === 0 || told.length < beats.length) return before
  return Math.max(before ?? 0, Math.min(...told))
}

const nexts = (positions: Positions): Map<number, number> =>
  new Map(Object.entries(positions).map(([key, of]) => [Number(key), of?.next ?? 0]))

const sumOf = (offsets: ReadonlyMap<number, number>): number =>
  [...offsets.values()].reduce((sum, offset) => sum + offset, 0)
