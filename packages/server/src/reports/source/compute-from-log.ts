import { copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
// Not through the front door, which loads the engine.
import { fileFailure, InputError } from '../input/input-error.ts'
import { type Compute, RunError } from '../runs/runs.ts'
import { deriveFiles } from './derive-files.ts'
import { describeRejected } from './describe-rejected.ts'
import type { ReportLog } from './report-log.ts'

export type LogComputeParts = {
  /** Called once the costs are there. */
  openLog(): Promise<ReportLog>
  /** Loads what computes from files, once the log is open. */
  loadCompute(): Promise<Compute>
  /** Milliseconds since some start. */
  monotonic(): number
}

export type LogComputeSettings = {
  /** The log is read up to this offset, itself included; without one, to the newest. */
  readonly until?: number
}

const COSTS = 'costs_daily.csv'
const STAGE = 'reading the log'
/** Of the time of a run, about. */
const STAGE_SHARE = 0.3

/**
 * Computes the reports from the log and from the costs in the folder of the request. What the log
 * had up to the offset decides them, whatever was appended since.
 * @throws RunError `input` when the costs are missing or the log does not reach to the offset
 */
export function createLogCompute(
  parts: LogComputeParts,
  { until }: LogComputeSettings = {},
): Compute {
  return async (request, progress) => {
    const startMs = parts.monotonic()
    progress.stage(STAGE, 0)
    const data = join(request.scratch, 'from-log')
    await mkdir(data)
    await takeCosts(request.data, data)
    const log = await parts.openLog()
    let loading: Promise<Compute>
    let offset: number
    try {
      offset = await offsetOf(log, until)
      loading = parts.loadCompute()
      loading.catch(() => undefined)
      await deriveFiles(log, offset, data, (done) => progress.stage(STAGE, done * STAGE_SHARE))
    } finally {
      await log.close()
    }
    const readMs = Math.round(parts.monotonic() - startMs)
    const compute = await loading
    const summary = await compute(
      {
        ...request,
        data,
        describeRejected,
        notes: [`all but the costs is of the log, up to its offset ${offset}`],
      },
      {
        stage: (label, done) => progress.stage(label, STAGE_SHARE + (1 - STAGE_SHARE) * done),
        written: progress.written,
      },
    )
    await rm(data, { recursive: true })
    return {
      ...summary,
      log_offset: offset,
      durations_ms: { [STAGE]: readMs, ...summary.durations_ms },
    }
  }
}

async function takeCosts(from: string, to: string): Promise<void> {
  const path = join(from, COSTS)
  try {
    await copyFile(path, join(to, COSTS))
  } catch (error) {
    const failure = fileFailure(path, error)
    throw failure instanceof InputError
      ? new RunError('input', failure.message, { cause: error })
      : error
  }
}

async function offsetOf(log: ReportLog, until: number | undefined): Promise<number> {
  const newest = await log.newestOffset()
  if (until !== undefined && until > newest) {
    throw new RunError('input', `the log has no offset ${until} yet: its newest is ${newest}`)
  }
  return until ?? newest
}
