import { join } from 'node:path'
import { newestWhole, readRecords, runFolder } from './records.ts'
import type { GoodRun, Output, RunRecord } from './run-summary.ts'
import { isClaimed } from './runs-lock.ts'
import { failedRecord, INTERRUPTED } from './settle.ts'

/** A file of a good run, as it is on disk. It stays there for as long as the run is kept. */
export type OpenReport = Output & { readonly file: string; readonly run: GoodRun }

/**
 * All runs that are kept, newest first. One that says that it is running while nobody holds the
 * claim was killed, and is shown as failed.
 */
export async function listRuns(out: string): Promise<readonly RunRecord[]> {
  const records = await readRecords(out)
  const running = records.filter(({ status }) => status === 'running')
  if (running.length === 0) return records
  // Of several only the newest can be alive, since each waits for the claim before it writes.
  const [newest] = running
  const alive = (await isClaimed(out)) ? newest?.run : undefined
  return records.map((record) =>
    record.status === 'running' && record.run !== alive ? deadRecord(record) : record,
  )
}

/** When it died nobody knows; that it had begun is the last that was heard of it. */
const deadRecord = (record: RunRecord): RunRecord => ({
  ...failedRecord(record, INTERRUPTED, 0),
  finished_at: null,
})

/** The newest good run, with `date` the newest one with that D-1; undefined when there is none. */
export const newestGoodRun = (out: string, date?: string): Promise<GoodRun | undefined> =>
  newestWhole(out, date)

/** A file of the newest good run (of that D-1) by its name, or undefined. Never of a run in progress. */
export async function openReport(
  out: string,
  name: string,
  date?: string,
): Promise<OpenReport | undefined> {
  const run = await newestWhole(out, date)
  if (!run) return undefined
  const file = join(runFolder(out, run.run), name)
  const output = Object.hasOwn(run.outputs, name) ? run.outputs[name] : undefined
  return output && { ...output, file, run }
}
