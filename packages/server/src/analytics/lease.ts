import { DatabaseSync } from 'node:sqlite'

/** What one process at a time may do. */
export type Lease = {
  /** Whether it is ours now; asking again while it is ours costs next to nothing. */
  take(): Promise<boolean>
  release(): Promise<void>
}
export type Leases = (name: string) => Lease

/**
 * Leases beside a file: locks of the operating system, so each ends with the process that holds it,
 * however that ends, and nobody has to remove anything or guess whether a holder is alive.
 */
export const createLeases =
  (file: string): Leases =>
  (name) => {
    let held: DatabaseSync | null = null
    return {
      async take() {
        held ??= locked(`${file}.${name}-lock`)
        return held !== null
      },
      async release() {
        held?.close()
        held = null
      },
    }
  }

function locked(file: string): DatabaseSync | null {
  const db = new DatabaseSync(file, { timeout: 0 })
  try {
    db.exec('PRAGMA journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db.close()
    const isBusy = error instanceof Error && 'errcode' in error && error.errcode === 5
    if (isBusy) return null
    throw error
  }
}

/** Ours where both are: the second is asked for only by whoever has the first. */
export const both =
  (one: Leases, other: Leases): Leases =>
  (name) => {
    const [first, second] = [one(name), other(name)]
    return {
      async take() {
        if (!(await first.take())) return false
        if (await second.take()) return true
        await first.release()
        return false
      },
      async release() {
        await second.release()
        await first.release()
      },
    }
  }
