import type { TopicNames } from '../kafka/kafka.ts'
import {
  LakeError,
  readManifest,
  STREAMS,
  type StreamName,
  type StreamSource,
  type StreamsSettings,
  writeStreams,
} from '../lake/lake.ts'
import {
  beginCheckpoints,
  moveCheckpoint,
  readCheckpoints,
} from '../quality-kafka/quality-kafka.ts'
import type { Store } from '../store/store.ts'

export type FollowStreamsParts = {
  readonly source: StreamSource
  readonly analytics: Store
  readonly topics: TopicNames
  readonly onStep?: (step: string) => void
}

/**
 * Brings the lake up to what Kafka has now, a batch at a time. The manifest is the checkpoint; the rows in
 * the analytics follow it by compare-and-set, and tell a folder whose files are older than they were.
 * Only under the lease.
 * @param isStopping ends it after the batch that it is at
 * @returns how many records were written
 * @throws LakeError when files were lost, or Kafka has dropped what the lake has not
 */
export async function followStreams(
  { source, analytics, topics, onStep }: FollowStreamsParts,
  settings: StreamsSettings,
  isStopping: () => boolean = () => false,
): Promise<number> {
  await moveRows(analytics, topics, settings.folder)
  let all = 0
  while (!isStopping()) {
    const written = await writeStreams({ source, ...(onStep ? { onStep } : {}) }, settings)
    if (written === 0) return all
    await moveRows(analytics, topics, settings.folder)
    all += written
  }
  return all
}

async function moveRows(analytics: Store, topics: TopicNames, folder: string): Promise<void> {
  const { streams } = readManifest(folder)
  for (const name of STREAMS) {
    const topic = rowOf(topics, name)
    const rows = await readCheckpoints(analytics.read, topic)
    const known = streams?.positions[name] ?? {}
    for (const [partition, { next }] of rows) {
      const at = known[partition]?.next ?? 0
      if (at < next) throw new LakeError(lostText(folder, topics, name, partition, at, next))
    }
    const nexts = Object.entries(known).map(([key, of]) => [Number(key), of?.next ?? 0] as const)
    await analytics.transaction(async (tx) => {
      await beginCheckpoints(tx, topic, new Map(nexts))
      for (const [partition, to] of nexts) {
        const from = rows.get(partition)?.next ?? to
        if (from !== to) await moveCheckpoint(tx, { topic, partition, from, to, seen: '' })
      }
    })
  }
}

/** Beside those of the steps, which are of the topic's own name. */
const rowOf = (topics: TopicNames, name: StreamName): string => `lake ${topics[`events-${name}`]}`

const lostText = (
  folder: string,
  topics: TopicNames,
  name: StreamName,
  partition: number,
  at: number,
  next: number,
): string =>
  `the lake in ${folder} is at ${at} of partition ${partition} of ${topics[`events-${name}`]} and was at ${next}: put its files back (LAKE_DIR says where they are)`
