import { DatabaseSync } from 'node:sqlite'

/** What one process at a time may do. */
export type Lease = {
  /** Whether it is ours now; asking again while it is ours is free. */
  take(): boolean
  release(): void
}
export type Leases = (name: string) => Lease

/**
 * Leases beside the analytics file: locks of the operating system, so each ends with the process that
 * holds it, however that ends, and nobody has to remove anything or guess whether a holder is alive.
 */
export const createLeases =
  (file: string): Leases =>
  (name) => {
    let held: DatabaseSync | null = null
    return {
      take() {
        held ??= locked(`${file}.${name}-lock`)
        return held !== null
      },
      release() {
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
