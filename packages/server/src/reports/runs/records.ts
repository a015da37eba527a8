import { readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hashFile, replaceText } from './durable.ts'
import { isRunId } from './run-id.ts'
import type { GoodRun, RunRecord } from './run-summary.ts'

export const RECORD = 'run.json'
/** Of a run that is in progress: its scratch space and the outputs so far. */
export const WORK = 'work'

export const runsFolder = (out: string): string => join(out, 'runs')
export const runFolder = (out: string, run: string): string => join(out, 'runs', run)

/** The ids of all runs that left a folder, newest first. */
export async function runIds(out: string): Promise<string[]> {
  const names = await readdir(runsFolder(out)).catch(ifMissing([]))
  return names.filter(isRunId).sort().reverse()
}

/** What `<folder>/run.json` says; undefined when it is missing or no record. */
export async function readRecord(folder: string): Promise<RunRecord | undefined> {
  const text = await readFile(join(folder, RECORD), 'utf8').catch(ifMissing(''))
  try {
    const record: unknown = JSON.parse(text)
    return isRecord(record) ? record : undefined
  } catch {
    return undefined
  }
}

/** Only what this code wrote is read here, so its head vouches for the rest. */
const isRecord = (value: unknown): value is RunRecord =>
  typeof value === 'object' &&
  value !== null &&
  'run' in value &&
  typeof value.run === 'string' &&
  'status' in value &&
  'outputs' in value &&
  typeof value.outputs === 'object'

export const writeRecord = (out: string, record: RunRecord): Promise<void> =>
  replaceText(runFolder(out, record.run), RECORD, `${JSON.stringify(record, null, 2)}\n`)

/** The records of all runs, newest first. */
export async function readRecords(out: string): Promise<RunRecord[]> {
  const ids = await runIds(out)
  const records = await Promise.all(ids.map((id) => readRecord(runFolder(out, id))))
  return records.filter((record) => record !== undefined)
}

/**
 * The newest run whose reports are whole; with `date` the newest of those with that D-1.
 */
export async function newestWhole(out: string, date?: string): Promise<GoodRun | undefined> {
  for (const id of await runIds(out)) {
    const record = await readRecord(runFolder(out, id))
    if (!record || !isGood(record) || (date !== undefined && record.date !== date)) continue
    if (await isUntouched(out, record)) return record
  }
  return undefined
}

export const isGood = (record: RunRecord): record is GoodRun => record.status === 'finished'

/**
 * Whether a finished run still has the bytes that it was finished with. Hashed are only files that
 * changed after their record was written.
 */
export async function isUntouched(out: string, record: RunRecord): Promise<boolean> {
  const folder = runFolder(out, record.run)
  const written = await stat(join(folder, RECORD)).catch(ifMissing(null))
  if (!written) return false
  const checks = Object.entries(record.outputs).map(async ([name, { sha256, bytes }]) => {
    const file = await stat(join(folder, name)).catch(ifMissing(null))
    if (file?.size !== bytes) return false
    if (file.mtimeMs <= written.mtimeMs) return true
    return (await hashFile(join(folder, name))).sha256 === sha256
  })
  return (await Promise.all(checks)).every(Boolean)
}

/** Removes a run as a whole: no moment at which a part of it could be read. */
export async function removeRun(out: string, run: string): Promise<void> {
  const gone = join(runsFolder(out), `.gone-${run}`)
  await rename(runFolder(out, run), gone)
  await rm(gone, { recursive: true, force: true })
}

export const ifMissing =
  <T>(instead: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return instead
    throw error
  }
