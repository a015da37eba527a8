import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isAside, sync } from './durable.ts'
import {
  isGood,
  newestWhole,
  readRecord,
  removeRun,
  runFolder,
  runIds,
  runsFolder,
  WORK,
  writeRecord,
} from './records.ts'
import { timeOf } from './run-id.ts'
import type { RunRecord } from './run-summary.ts'

export const INTERRUPTED = 'interrupted'

/** The record of a run that ended without reports. */
export const failedRecord = (record: RunRecord, error: string, now: number): RunRecord => ({
  ...record,
  status: 'failed',
  finished_at: new Date(now).toISOString(),
  error,
  outputs: {},
})

/** Removes whatever a run without reports has in its folder, but for what says why. */
export async function removeOutputs(out: string, run: string): Promise<void> {
  const folder = runFolder(out, run)
  const kept = new Set(['run.json', 'error.txt'])
  const names = (await readdir(folder)).filter((name) => !kept.has(name))
  await Promise.all(names.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}

/**
 * Ends what dead processes left behind: runs that were never finished are failed, and what they
 * had begun to write or to remove is gone. Only for the holder of the claim.
 * @param reasons why, of runs of which somebody knows
 */
export async function settle(
  out: string,
  now: number,
  reasons: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const name of await readdir(runsFolder(out))) {
    if (name.startsWith('.gone-')) await rm(join(runsFolder(out), name), { recursive: true })
  }
  // Every start does this before it makes a folder, so only the newest can be unsettled.
  for (const run of await runIds(out)) {
    const record = await readRecord(runFolder(out, run))
    // Killed before it wrote its first word.
    if (!record) {
      await removeRun(out, run)
      continue
    }
    if (record.status === 'running') {
      await removeOutputs(out, run)
      await writeRecord(out, failedRecord(record, reasons[run] ?? INTERRUPTED, now))
    } else if (isGood(record)) await rm(join(runFolder(out, run), WORK), REMOVE)
    break
  }
  for (const name of (await readdir(out)).filter(isAside)) await rm(join(out, name))
}

const REMOVE = { recursive: true, force: true }
const DAY_MS = 86_400_000

/** Removes runs that began more than `keepDays` ago, but never the newest good one. */
export async function prune(out: string, now: number, keepDays: number): Promise<void> {
  const newest = await newestWhole(out)
  const isOld = (run: string): boolean => timeOf(run) < now - keepDays * DAY_MS
  const old = (await runIds(out)).filter((run) => isOld(run) && run !== newest?.run)
  for (const run of old) await removeRun(out, run)
  if (old.length > 0) await sync(runsFolder(out))
}
