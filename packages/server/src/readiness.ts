import { statfs } from 'node:fs/promises'
import type { Books } from './books/books.ts'
import { shared } from './store/store.ts'

const PROBE_AGE_MAX_MS = 5_000
/**
 * Run twice it changes nothing, but must be committed like any write. Setting the value to itself
 * would not do: SQLite writes no page for that, and a full disk would look ready.
 */
const PROBE = shared('readiness.probe', 'UPDATE log_head SET log_offset = -1 - log_offset')
const DISK_BYTES_MIN = 64 * 1_024 * 1_024

/**
 * Why no write can be taken, or null; a real commit tells, and its result holds for five seconds.
 * @param freeBytes what is left on the disk that holds a path; rejects where that is not known
 */
export function createReadiness(
  { store, world, config }: Pick<Books, 'store' | 'world' | 'config'>,
  freeBytes: (path: string) => Promise<number> = freeBytesBeside,
): () => Promise<string | null> {
  let probedAt = Number.NEGATIVE_INFINITY
  let last: Promise<string | null> = Promise.resolve(null)
  const { database } = config.store
  // The database may lie on another disk than all else. A PostgreSQL server looks after its own.
  const path = database.kind === 'sqlite' ? database.file : config.dataDir
  const probe = async (): Promise<string | null> => {
    const free = await freeBytes(path).catch(() => Number.POSITIVE_INFINITY)
    if (free < DISK_BYTES_MIN) return 'the disk is almost full'
    const write = store.transaction((tx) => tx.run(PROBE, [[], []]))
    return write.then(
      () => null,
      () => 'the database takes no writes',
    )
  }
  return () => {
    const now = world.clock.monotonic()
    if (now - probedAt < PROBE_AGE_MAX_MS) return last
    probedAt = now
    last = probe()
    return last
  }
}

async function freeBytesBeside(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}
