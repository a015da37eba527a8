import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RunError } from './run-summary.ts'

/** Somebody who only looks whether it is taken holds it for less than a millisecond. */
const ATTEMPTS = 5
const PAUSE_MS = 20

const lockFile = (out: string): string => join(out, 'runs', 'lock')

/**
 * Lets one run at a time work on `out`, whose folder `runs` exists. The claim is a lock of the
 * operating system on a file, so it ends with the process, however that ends.
 * @throws RunError `busy`
 */
export async function claimRuns(out: string): Promise<() => void> {
  for (let attempt = 1; ; attempt += 1) {
    const release = await tryClaim(out)
    if (release) return release
    if (attempt === ATTEMPTS) {
      throw new RunError('busy', `another run is in progress in ${out}: wait until it has ended`)
    }
    await sleep(PAUSE_MS)
  }
}

/** Takes the claim if it is free; undefined when a run holds it. */
export async function tryClaim(out: string): Promise<(() => void) | undefined> {
  // Loaded here, since a server that runs no reports needs it for nothing.
  const { DatabaseSync } = await import('node:sqlite')
  const db = new DatabaseSync(lockFile(out), { timeout: 0 })
  try {
    db.exec('PRAGMA journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (isBusy(error)) return undefined
    throw error
  }
  return () => db.close()
}

/** Whether a run works on `out` at this moment, in this process or another one. */
export async function isClaimed(out: string): Promise<boolean> {
  if (!existsSync(lockFile(out))) return false
  const release = await tryClaim(out)
  release?.()
  return release === undefined
}

const SQLITE_BUSY = 5

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
