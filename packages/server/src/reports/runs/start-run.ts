import { chmodSync, renameSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../../platform/platform.ts'
import { seal, sync } from './durable.ts'
import { publish, type Reached, repair } from './publish.ts'
import { readRecord, runFolder, runIds, runsFolder, WORK, writeRecord } from './records.ts'
import { createRunId } from './run-id.ts'
import {
  type Compute,
  type GoodRun,
  type Output,
  type Progress,
  RunError,
  type RunParameters,
  type RunRecord,
  type RunSummary,
  rejectedRows,
  rowsIn,
  type Source,
  unbalanced,
} from './run-summary.ts'
import { claimRuns } from './runs-lock.ts'
import { failedRecord, INTERRUPTED, prune, removeOutputs, settle } from './settle.ts'

export type RunParts = {
  readonly compute: Compute
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly random: Random
  /** Tests end the process when a step is reached. */
  readonly reached?: Reached
}

export type RunSettings = {
  /** What `compute` reads; it goes to the record. */
  readonly source: Source
  /** The folder of the CSV files. */
  readonly data: string
  /** The folder of the reports; made when it is missing. */
  readonly out: string
  /** D-1 as `YYYY-MM-DD`, where it is not to be chosen. */
  readonly date?: string
  readonly inputZone: string
  readonly badReceiptPattern?: string
  readonly memoryLimitMb: number
  readonly threads: number
  /** Runs older than this are removed, but never the newest good one. */
  readonly keepDays: number
  /** Of this program. */
  readonly version: string
}

export type Run = {
  readonly id: string
  /**
   * The reports are on disk and published.
   * @throws RunError
   */
  readonly done: Promise<GoodRun>
  /**
   * Ends the run as failed, with `reason`, and resolves when its record says so. What it computes
   * may go on until the process ends. A run whose reports are whole already is finished instead.
   */
  interrupt(reason?: string): Promise<void>
}

/**
 * Claims the folder, brings it in order and begins a run.
 * @throws RunError `busy` while another run works on the folder, `input` when it cannot be written
 */
export async function startRun(
  parts: RunParts,
  settings: RunSettings,
  progress: Progress,
): Promise<Run> {
  const { out } = settings
  const reached = parts.reached ?? (() => undefined)
  const release = await claimFolder(out)
  try {
    reached('claimed')
    await settle(out, parts.now())
    reached('settled')
    await repair(out, reached)
    reached('repaired')
    const [newest] = await runIds(out)
    const run = createRunId(parts.now(), parts.random, newest)
    const record = newRecord(run, parts.now(), settings)
    await mkdir(join(runFolder(out, run), WORK, 'output'), { recursive: true })
    await mkdir(join(runFolder(out, run), WORK, 'scratch'))
    reached('folder made')
    await writeRecord(out, record)
    await sync(runsFolder(out))
    reached('recorded')
    return work({ parts, settings, progress, reached, record, release })
  } catch (error) {
    release()
    throw inWords(error)
  }
}

async function claimFolder(out: string): Promise<() => void> {
  try {
    await mkdir(runsFolder(out), { recursive: true })
    return await claimRuns(out)
  } catch (error) {
    if (error instanceof RunError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new RunError('input', `cannot write reports to ${out}: ${reason}`, { cause: error })
  }
}

type Work = {
  readonly parts: RunParts
  readonly settings: RunSettings
  readonly progress: Progress
  readonly reached: Reached
  readonly record: RunRecord
  readonly release: () => void
}

function work(begun: Work): Run {
  const { parts, settings, record, release } = begun
  const stop = Promise.withResolvers<never>()
  stop.promise.catch(() => undefined)
  let stopped: RunError | undefined
  const assertWanted = (): void => {
    if (stopped) throw stopped
  }
  const finish = async (): Promise<GoodRun> => {
    try {
      const good = await makeWhole(begun, stop.promise, assertWanted)
      await publish(settings.out, good, begun.reached)
      await prune(settings.out, parts.now(), settings.keepDays)
      begun.reached('pruned')
      return good
    } catch (error) {
      const failure = inWords(error)
      await fail(begun, failure)
      throw failure
    } finally {
      release()
    }
  }
  const done = finish()
  done.catch(() => undefined)
  return {
    id: record.run,
    done,
    async interrupt(reason = INTERRUPTED) {
      stopped = new RunError('interrupted', reason)
      stop.reject(stopped)
      await done.catch(() => undefined)
    },
  }
}

/** Computes, and brings the folder of the run to disk; from its last step on it is a good run. */
async function makeWhole(
  { parts, settings, progress, reached, record }: Work,
  stop: Promise<never>,
  assertWanted: () => void,
): Promise<GoodRun> {
  const { out } = settings
  const folder = runFolder(out, record.run)
  const target = join(folder, WORK, 'output')
  const sealed = new Map<string, Promise<Output>>()
  const sealOnce = (name: string, output?: Output): Promise<Output> => {
    const known = sealed.get(name) ?? (output ? Promise.resolve(output) : seal(join(target, name)))
    known.catch(() => undefined)
    sealed.set(name, known)
    return known
  }
  const computing = parts.compute(requestOf(parts, settings, folder), {
    stage: progress.stage,
    written(file, output) {
      void sealOnce(file, output)
      progress.written(file, output)
    },
  })
  // Only the computing is left alone when the run is stopped. What follows changes the run's folder,
  // so it ends at its next step, before anybody else cleans up.
  const summary = await Promise.race([computing, stop])
  reached('computed')
  assertWanted()
  const faults = unbalanced(summary)
  if (faults.length > 0) {
    throw new RunError('fault', `the balance of rows does not hold: ${faults.join('; ')}`)
  }
  progress.stage('bringing the reports to disk', 1)
  const names = (await readdir(target)).sort()
  const outputs = await Promise.all(
    names.map(async (name) => [name, await sealOnce(name)] as const),
  )
  reached('sealed')
  assertWanted()
  for (const name of names) {
    // A file in `out` shares its bytes with the run's: it is to be replaced and not to be changed.
    chmodSync(join(target, name), 0o444)
    renameSync(join(target, name), join(folder, name))
  }
  await sync(folder)
  reached('moved')
  assertWanted()
  const good = finishedRecord(record, summary, Object.fromEntries(outputs), parts.now())
  await writeRecord(out, good)
  reached('finished')
  await rm(join(folder, WORK), { recursive: true, force: true })
  return good
}

const requestOf = (parts: RunParts, settings: RunSettings, folder: string) => ({
  data: settings.data,
  scratch: join(folder, WORK, 'scratch'),
  target: join(folder, WORK, 'output'),
  ...(settings.date === undefined ? {} : { date: settings.date }),
  inputZone: settings.inputZone,
  ...(settings.badReceiptPattern === undefined
    ? {}
    : { badReceiptPattern: settings.badReceiptPattern }),
  memoryLimitMb: settings.memoryLimitMb,
  threads: settings.threads,
  now: parts.now(),
})

const parametersOf = (settings: RunSettings): RunParameters => ({
  source: settings.source,
  data: settings.data,
  date: settings.date ?? null,
  input_zone: settings.inputZone,
  bad_receipt_pattern: settings.badReceiptPattern ?? null,
  memory_limit_mb: settings.memoryLimitMb,
  threads: settings.threads,
})

const newRecord = (run: string, now: number, settings: RunSettings): RunRecord => ({
  run,
  status: 'running',
  started_at: new Date(now).toISOString(),
  finished_at: null,
  error: null,
  date: null,
  rows_in: 0,
  rejected: 0,
  parameters: parametersOf(settings),
  versions: { questline: settings.version, node: process.versions.node },
  outputs: {},
})

const finishedRecord = (
  begun: RunRecord,
  summary: RunSummary,
  outputs: RunRecord['outputs'],
  now: number,
): GoodRun => ({
  ...begun,
  status: 'finished',
  finished_at: new Date(now).toISOString(),
  date: summary.d1.date,
  rows_in: rowsIn(summary),
  rejected: rejectedRows(summary),
  ...summary,
  outputs,
})

/** Records why the run has no reports; a bug keeps its stack beside that. */
async function fail({ parts, settings, record }: Work, failure: RunError): Promise<void> {
  const { out } = settings
  const current = await readRecord(runFolder(out, record.run))
  // Its reports are whole, and only publishing them failed: the next start does that again.
  if (current?.status === 'finished') return
  await removeOutputs(out, record.run)
  if (failure.kind === 'fault' && failure.cause instanceof Error) {
    const { stack = failure.cause.message } = failure.cause
    await writeFile(join(runFolder(out, record.run), 'error.txt'), `${stack}\n`)
  }
  await writeRecord(out, failedRecord(record, failure.message, parts.now()))
}

/** Any failure as one that people can read in one line. */
function inWords(error: unknown): RunError {
  if (error instanceof RunError) return error
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ')
  // The system said no, as it may to anybody: a full disk, a folder that is not ours.
  const isOfTheSystem = error instanceof Error && 'syscall' in error
  return new RunError('fault', isOfTheSystem ? message : `this is a bug: ${message}`, {
    cause: error,
  })
}
