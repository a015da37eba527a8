import { type Batch, type Consumer, checkpointOf, onAnalytics } from '../analytics/analytics.ts'
import { endOfPage, newestOffset } from '../log/log.ts'
import type { Read, Store } from '../store/store.ts'
import { compact, dropOld } from './compact.ts'
import { expireLog } from './expire.ts'
import { createGathering, type GatheringSettings } from './gathering.ts'
import { hasManifest, LakeError, readManifest } from './manifest.ts'
import { askedOf } from './requests.ts'
import { createRawSources, createSources } from './sources.ts'
import { clearAside, type OnStep, parquetFiles, sweepStrays, writeBatch } from './write-batch.ts'

export const LAKE = 'lake'

export type LakeParts = {
  readonly books: Store
  readonly analytics: Store
  readonly clock: { now(): number; monotonic(): number }
  readonly onStep?: OnStep
}

export type LakeSettings = GatheringSettings & {
  readonly folder: string
  readonly memoryLimitMb: number
  /** How long events stay in the log's table after their receipt. */
  readonly logKeptMs: number
  /** How long files stay after the receipt of their newest event; null for ever. */
  readonly keptMs: number | null
  /** Later events make no batch due. */
  readonly until?: number
  /** What quality makes of the log comes over Kafka, so only the log itself is written from here. */
  readonly isOnKafka?: boolean
}

/** It also looks after the files that it has written. */
export type LakeConsumer = Consumer & {
  /** Nothing is left to merge or to take away until the next batch; a step without events works on it. */
  isTended(): boolean
}

/** The last offset of a batch of about this many events: where quality has ended one of its own. */
const END = onAnalytics(
  'lake.batch-end',
  'SELECT max(last_offset) AS last FROM analytics.enriched_batches WHERE last_offset > $1 AND last_offset <= $2',
)
const NEXT_END = onAnalytics(
  'lake.next-batch-end',
  'SELECT min(last_offset) AS last FROM analytics.enriched_batches WHERE last_offset > $1',
)
/** Quality keeps its batches for whoever stands here. */
const REGISTER = onAnalytics(
  'lake.register',
  `INSERT INTO analytics.checkpoints (consumer, source, log_offset, generation) VALUES ('lake', 'enriched', 0, 0)
  ON CONFLICT (consumer) DO NOTHING`,
)

/** Before quality works on a new analytics file, so that it keeps all batches until the lake has them. */
export const registerLake = (analytics: Store): Promise<void> =>
  analytics.transaction(async (tx) => void (await tx.run(REGISTER, [[]])))

/**
 * The consumer that writes the lake. Its files and the manifest are its effect, so the manifest is its
 * checkpoint too; the one in the analytics file follows, for whoever asks how far the lake is.
 */
export function createLakeConsumer(parts: LakeParts, settings: LakeSettings): LakeConsumer {
  const { books, analytics, clock, onStep } = parts
  const { folder, memoryLimitMb, batchEvents, until = Number.POSITIVE_INFINITY } = settings
  const { isOnKafka = false } = settings
  const sources = isOnKafka
    ? createRawSources(books.read)
    : createSources(books.read, analytics.read)
  const gathering = createGathering(clock, settings)
  const tend = createTending(parts, settings)
  const endOf = (upto: number, judged: number): Promise<number> =>
    isOnKafka
      ? endOfPage(books.read, Math.min(judged, upto + batchEvents))
      : endOfBatch(analytics.read, upto, batchEvents)

  return {
    name: LAKE,
    source: 'enriched',
    async next(after) {
      const { upto, planned, streams } = readManifest(folder)
      if (streams && !isOnKafka) throw new LakeError(leftKafka(folder))
      if (upto < after) throw new LakeError(lost(folder, upto, after))
      const head = await newestOffset(books.read)
      if (upto > head) throw new LakeError(ahead(folder, upto, head))
      if (upto > after) return { first: after + 1, last: upto }
      tend.begin()
      const ready = isOnKafka ? head : await checkpointOf(analytics.read, 'quality')
      const judged = Math.min(until, ready)
      const isDue =
        planned === null
          ? gathering.isDue(judged - upto, await askedOf(analytics.read), upto)
          : judged >= planned.last
      if (!isDue) {
        await tend.idle()
        return null
      }
      const last = planned?.last ?? (await endOf(upto, judged))
      const written = await writeBatch(
        { sources, ...(onStep ? { onStep } : {}) },
        { folder, memoryLimitMb },
        last,
      )
      gathering.reset()
      return { first: after + 1, last: written.upto } satisfies Batch
    },
    // The files are there already: only the checkpoint moves.
    apply: async () => undefined,
    committed: tend.wanted,
    forget: () => gathering.reset(),
    isTended: tend.isDone,
  }
}

const lost = (folder: string, upto: number, after: number): string =>
  `the lake in ${folder} ends at ${upto} and was at ${after}: put its files back (LAKE_DIR says where they are), or stop the server and remove analytics.db, which is made again from the log, and the lake with it`

const leftKafka = (folder: string): string =>
  `the lake in ${folder} follows Kafka, and KAFKA_BROKERS is not set: set it, or let quality without Kafka begin with a lake of its own (LAKE_DIR) and new analytics`

/** Offsets would be given a second time, to other events than those in the files. */
const ahead = (folder: string, upto: number, head: number): string =>
  `the lake in ${folder} goes to ${upto} and the log only to ${head}, as after a restore of older books: put the copy of the lake that belongs to them in its place, or stop the server and run "questline lake trim", which takes out what is beyond the log`

async function endOfBatch(read: Read, after: number, events: number): Promise<number> {
  type Row = { readonly last: number | null }
  const [end] = await read<Row>(END, [after, after + events])
  const [next] = end?.last ? [end] : await read<Row>(NEXT_END, [after])
  if (!next?.last) throw new Error(`quality has no batch after ${after}`)
  return next.last
}

/** What is done beside writing: merging, and taking away what is old. A round follows each batch. */
function createTending(
  { books, clock, onStep }: LakeParts,
  { folder, memoryLimitMb, logKeptMs, keptMs }: LakeSettings,
) {
  let begun = false
  let isWanted = true
  return {
    /** Once in a process: what one that died has left. */
    begin(): void {
      if (begun) return
      // There is one before the first file; without it all files would seem to be left over.
      if (!hasManifest(folder) && parquetFiles(folder).length > 0) {
        throw new LakeError(`${folder} has files and no manifest.json: put it back from a copy`)
      }
      clearAside(folder)
      sweepStrays(folder)
      begun = true
    },
    isDone: () => !isWanted,
    wanted(): void {
      isWanted = true
    },
    async idle(): Promise<void> {
      if (!isWanted) return
      // One at a time: a batch may be due before the next.
      const merged = await compact({ folder, memoryLimitMb, all: false, mergesMax: 1 }, onStep)
      if (keptMs !== null) dropOld(folder, clock.now() - keptMs)
      const before = clock.now() - logKeptMs
      const expired = await expireLog(books, { folder, memoryLimitMb, before }, onStep)
      isWanted = merged.length > 0 || expired > 0
    },
  }
}
