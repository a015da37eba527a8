import { checkpointOf, openAnalytics, openLeases } from '../analytics/analytics.ts'
import { askedOf, createGathering } from '../lake/lake.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { sweepRejected } from '../quality/quality.ts'
import { openStore, type Store } from '../store/store.ts'
import { bringFromKafka } from './lake-from-kafka.ts'
import { createLakeStage } from './open-lake.ts'
import type { FromLake, LakeOrder, ToLake } from './sinks-messages.ts'

// The process that writes what is due into the lake, and ends. Its memory goes back to the system, and
// its priority is below that of whoever answers players.

const CONNECTIONS_MAX = 2
/** It reads the log from front to back, each page once. */
const CACHE_MB = 2

async function write(order: LakeOrder, isStopping: () => boolean): Promise<FromLake> {
  const random = systemRandom()
  const { database, analytics: place, lake, until, refusedKeptMs } = order
  const books = openStore(
    { random, onIdleError: () => undefined },
    database.kind === 'postgres'
      ? { ...database, connectionsMax: CONNECTIONS_MAX }
      : { ...database, cacheMb: CACHE_MB },
  )
  const analytics = await openAnalytics({ now: systemClock.now, random }, place.place)
  const leases = openLeases(
    { store: analytics, monotonic: systemClock.monotonic, random, file: place.file },
    place.place,
  )
  const parts = { books, analytics, clock: systemClock, leases }
  const isOnKafka = order.kafka !== null
  const stage = createLakeStage(parts, { ...lake, batchMs: 0, until, isOnKafka })
  try {
    if (!(await stage.lease.take())) return { kind: 'busy' }
    // First: where the lake begins to follow Kafka is how far it is by then.
    if (order.kafka) await bringFromKafka(parts, { kafka: order.kafka, lake }, isStopping)
    const isDue = createDue(analytics, order)
    while ((await stage.step()) > 0 || !(stage.isTended() || (await isDue(until)))) {
      if (isStopping()) break
    }
    // Here, since only what is in the lake may go.
    const upto = await stage.checkpoint()
    await sweepRejected(analytics, { before: systemClock.now() - refusedKeptMs, upto })
    await stage.lease.release()
    return { kind: 'written' }
  } finally {
    await analytics.close()
    await books.close()
  }
}

/** What is left to merge or to take away waits for the next process, once that has a batch to write. */
function createDue(analytics: Store, { kafka, lake }: LakeOrder) {
  const gathering = createGathering(systemClock, lake)
  gathering.reset(systemClock.monotonic())
  return async (upto: number): Promise<boolean> => {
    const pending = kafka === null ? (await checkpointOf(analytics.read, 'quality')) - upto : 1
    return gathering.isDue(pending, await askedOf(analytics.read), upto)
  }
}

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)

let isStopping = false
process.on('message', (message: ToLake) => {
  if (message === 'stop') {
    isStopping = true
    return
  }
  void write(message, () => isStopping)
    .catch((error: unknown): FromLake => ({ kind: 'failed', error: textOf(error) }))
    .then((said) => process.send?.(said, () => process.disconnect?.()))
})
// Whoever sees that the server is gone may begin at once with what this one is at.
process.on('disconnect', () => process.exit())
// Ctrl-C reaches the whole group of processes; the server decides.
process.on('SIGINT', () => undefined)
