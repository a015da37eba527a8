import { existsSync } from 'node:fs'
import { repair } from './publish.ts'
import { runsFolder } from './records.ts'
import { tryClaim } from './runs-lock.ts'
import { settle } from './settle.ts'

/**
 * Brings `out` in order without a run: what dead ones left behind is ended, and the reports beside
 * the runs are those of the newest good one. Does nothing where no run ever was, or while one is in
 * progress, which does the same.
 * @param reasons why runs ended of which somebody knows, by their ids
 */
export async function settleRuns(
  out: string,
  now: number,
  reasons: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (!existsSync(runsFolder(out))) return
  const release = await tryClaim(out)
  if (!release) return
  try {
    await settle(out, now, reasons)
    await repair(out, () => undefined)
  } finally {
    release()
  }
}
