import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hashFile, replaceFile, sync } from './durable.ts'
import { ifMissing, newestWhole, RECORD, readRecord, runFolder } from './records.ts'
import type { GoodRun } from './run-summary.ts'

/** Called when a step is done. Tests end the process there. */
export type Reached = (step: string) => void

/**
 * Puts the files of a good run in the place of those in `out`, one by one and `run.json` last: a set
 * that is mixed, because somebody was killed in between, does not fit the hashes of its `run.json`.
 */
export async function publish(out: string, record: GoodRun, reached: Reached): Promise<void> {
  const folder = runFolder(out, record.run)
  const before = await readRecord(out)
  for (const name of Object.keys(record.outputs)) {
    await replaceFile(join(folder, name), out, name)
    reached(`published ${name}`)
  }
  for (const name of Object.keys(before?.outputs ?? {})) {
    if (!record.outputs[name]) await rm(join(out, name), { force: true })
  }
  // What run.json vouches for has to be there before it, after a loss of power too.
  await sync(out)
  await replaceFile(join(folder, RECORD), out, RECORD)
  reached(`published ${RECORD}`)
  await sync(out)
}

/** Whether `out` shows exactly the files of this run. */
async function shows(out: string, record: GoodRun): Promise<boolean> {
  if ((await readRecord(out))?.run !== record.run) return false
  const folder = runFolder(out, record.run)
  const checks = Object.entries(record.outputs).map(async ([name, { sha256, bytes }]) => {
    const [shown, kept] = await Promise.all(
      [out, folder].map((each) => stat(join(each, name)).catch(ifMissing(null))),
    )
    if (shown?.size !== bytes) return false
    // One file under two names needs no comparison.
    if (shown.ino === kept?.ino && shown.dev === kept.dev) return true
    return (await hashFile(join(out, name))).sha256 === sha256
  })
  return (await Promise.all(checks)).every(Boolean)
}

/**
 * Makes `out` show the newest good run, as it does unless a run was killed while it published, or
 * somebody changed a file. Only for the holder of the claim. Returns whether there was something to repair.
 */
export async function repair(out: string, reached: Reached): Promise<boolean> {
  const newest = await newestWhole(out)
  if (!newest || (await shows(out, newest))) return false
  await publish(out, newest, reached)
  return true
}
