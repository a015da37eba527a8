// The cluster that `npm run test:scale` has started: where it is, and how one of its processes is killed.
import { join } from 'node:path'
import { type Engines, startEngines, testSettings } from '../../scripts/scale/engines.ts'

/** Null, and why, where there is none: then whoever needs it is skipped. */
export const SCALE_DIR = process.env['SCALE_DIR'] ?? null
export const WHY_SKIPPED = 'skipped: there is no cluster; `npm run test:scale` starts one'

/**
 * The running cluster: engines that were killed are started again.
 * @param questline settings of its nodes
 */
export const cluster = (questline: Readonly<Record<string, string>> = {}): Promise<Engines> => {
  if (SCALE_DIR === null) throw new Error(WHY_SKIPPED)
  return startEngines(testSettings(process.env, SCALE_DIR), { questline })
}

export const checkpointFolder = (): string => join(SCALE_DIR ?? '', 'checkpoints')
