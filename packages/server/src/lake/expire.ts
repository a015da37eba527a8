import { join } from 'node:path'
import { expireBatch, logTexts, type StoredBatch, storedBatches } from '../log/log.ts'
import { expirePartitions, hasPartitions, type Store } from '../store/store.ts'
import { differences } from './compare.ts'
import { withEngine } from './engine.ts'
import { LakeError, readManifest, writeManifest } from './manifest.ts'
import { rawSource } from './sources.ts'
import type { OnStep } from './write-batch.ts'
import { asideFolder } from './write-files.ts'

export type ExpireSettings = {
  readonly folder: string
  readonly memoryLimitMb: number
  /** What was received before this, milliseconds since the epoch, may leave the table. */
  readonly before: number
}

/** Batches that are compared and emptied at a time. */
const BATCHES_AT_ONCE = 1_000

/**
 * Takes batches of game events that are old enough, and the ids in them, out of the log's table: only
 * after each of their events was read back from the lake and is the same, byte for byte. Only under
 * the lease of the lake. On PostgreSQL they go with their partition, once all of it is old.
 * @returns how many events; 0 when there is nothing to do
 * @throws LakeError when a file does not hold what the log says, and then nothing is taken out
 */
export async function expireLog(
  books: Store,
  { folder, memoryLimitMb, before }: ExpireSettings,
  onStep: OnStep = () => undefined,
): Promise<number> {
  const manifest = readManifest(folder)
  const { log_expired: expired, upto } = manifest
  const stored = await storedBatches(books.read, expired, upto, BATCHES_AT_ONCE)
  const young = stored.findIndex(({ receivedAt }) => receivedAt >= before)
  const old = young < 0 ? stored : stored.slice(0, young)
  const [begin, end] = [old[0], old.at(-1)]
  // What was told to be in the lake before, and did not go yet.
  if (!begin || !end) await expirePartitions(books, expired)
  if (!begin || !end) return 0
  const first = old.find(({ bytes }) => bytes > 0)?.first ?? end.last + 1
  if (first <= end.last) {
    const scratch = join(asideFolder(folder), 'spill')
    const settings = { threads: 1, memoryLimitMb, scratch, folders: [folder] }
    const offsets = { first, last: end.last }
    const wrong = await withEngine(settings, (engine) =>
      differences(engine, { folder, manifest }, 'events-raw', rawSource(books.read), offsets),
    )
    if (wrong > 0) {
      throw new LakeError(
        `${wrong} of the offsets ${first} to ${end.last} are not in the lake as the log has them, so they stay in the log`,
      )
    }
    onStep('compared')
    if (!hasPartitions(books)) {
      for (const batch of old) if (batch.bytes > 0) await empty(books, batch)
    }
    onStep('emptied')
  }
  writeManifest(folder, { ...readManifest(folder), log_expired: end.last })
  await expirePartitions(books, end.last)
  return end.last - begin.first + 1
}

const ID = /,"event_id":"([0-9a-f-]{36})"/
const APP = /,"app":("(?:[^"\\]|\\.)*")/

/** The payload names the ids that go with it. */
async function empty(books: Store, { first, last }: StoredBatch): Promise<void> {
  const texts = await logTexts(books.read, first - 1, last)
  const ids = texts.map(({ head }) => {
    const [, eventId] = ID.exec(head) ?? []
    const [, app] = APP.exec(head) ?? []
    if (!eventId || !app) throw new Error(`an event of ${first} to ${last} has no id`)
    return { app: String(JSON.parse(app)), eventId }
  })
  await books.transaction((tx) => expireBatch(tx, last, ids))
}
