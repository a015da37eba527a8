import { relative, resolve } from 'node:path'
import { loadReportSettings, loadStoreSettings, processEnvironment } from '../config/config.ts'
import type { ReportSettings } from '../config/report-settings.ts'
// Not through the front door, which would load the logger and the metrics.
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import {
  type Compute,
  type GoodRun,
  type Progress,
  type Run,
  RunError,
  type RunSettings,
  type Source,
  startRun,
  summaryText,
} from '../reports/runs/runs.ts'
import { VERSION } from '../version.ts'
import { CommandFailure } from './command-failure.ts'
import { print, printJson } from './output.ts'
import type { ReportsParts } from './reports.ts'
import { showProgress } from './reports-progress.ts'

export type RunOptions = {
  readonly source?: Source
  /** Where a run from the log ends reading. */
  readonly logOffset?: number
  readonly data?: string
  readonly out?: string
  readonly date?: string
  readonly inputZone?: string
  readonly json?: true
  /** Milliseconds since the epoch, instead of the system's clock. */
  readonly now?: number
}

/** Makes one run, until it is done or somebody stops it. */
export async function runReports(parts: ReportsParts, options: RunOptions): Promise<void> {
  const settings = settingsOf(options, loadReportSettings(processEnvironment()))
  const startMs = systemClock.monotonic()
  if (options.logOffset !== undefined && settings.source === 'csv') {
    throw new CommandFailure(2, 'there is no --log-offset without --source log')
  }
  const compute = settings.source === 'log' ? fromLog(parts, options) : fromFiles(parts)
  const progress = process.send ? SILENT : showProgress(process.stderr, systemClock.monotonic)
  const starting = startRun(
    { compute, now: () => options.now ?? systemClock.now(), random: systemRandom() },
    settings,
    progress,
  )
  const letGo = stopWhenTold(starting, progress.end)
  try {
    const run = await starting
    process.send?.({ run: run.id })
    const good = await run.done
    progress.end()
    if (options.json) await printJson(good)
    else await print(closing(good, settings.out, systemClock.monotonic() - startMs))
  } catch (error) {
    progress.end()
    // Whoever stopped it ends the process, with the exit code of its reason.
    const kind = error instanceof RunError ? error.kind : 'fault'
    if (kind === 'interrupted') return new Promise(() => undefined)
    process.send?.({ failed: kind })
    throw inOneLine(error)
  } finally {
    letGo()
  }
}

function fromFiles({ loadCompute }: ReportsParts): Compute {
  // Native code takes a while to load; meanwhile the folder is claimed and brought in order.
  const loading = loadCompute()
  loading.catch(() => undefined)
  return async (request, progress) => (await loading)(request, progress)
}

/** Loads what reads the books when they are to be read: the claim may be somebody else's. */
function fromLog({ loadCompute }: ReportsParts, { logOffset }: RunOptions): Compute {
  const settings = loadStoreSettings(processEnvironment())
  return async (request, progress) => {
    const { computeFromLog } = await import('./reports-from-log.ts')
    return computeFromLog(loadCompute, settings, logOffset)(request, progress)
  }
}

const SILENT: Progress & { end(): void } = {
  stage: () => undefined,
  written: () => undefined,
  end: () => undefined,
}

function settingsOf(options: RunOptions, settings: ReportSettings): RunSettings {
  const { inputZone, badReceiptPattern, memoryLimitMb, threads, keepDays } = settings
  return {
    source: options.source ?? settings.source,
    data: options.data === undefined ? settings.data : resolve(options.data),
    out: options.out === undefined ? settings.out : resolve(options.out),
    ...(options.date === undefined ? {} : { date: options.date }),
    inputZone: options.inputZone ?? inputZone,
    ...(badReceiptPattern === undefined ? {} : { badReceiptPattern }),
    ...{ memoryLimitMb, threads, keepDays },
    version: VERSION,
  }
}

function closing(run: GoodRun, out: string, tookMs: number): string {
  const folder = relative('', out)
  const shown = folder.startsWith('..') ? out : folder
  return `${summaryText(run)}\nreports in ${shown}, run ${run.run}, ${(tookMs / 1_000).toFixed(1)} s`
}

function inOneLine(error: unknown): unknown {
  if (!(error instanceof RunError)) return error
  const [line = ''] = error.message.split('\n')
  return new CommandFailure(error.kind === 'input' ? 2 : 1, line)
}

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/**
 * Stops the run when a signal asks for it, when the server that started it does, or when that server
 * is gone. The process ends with it, since what computes cannot be told to stop in the middle.
 */
function stopWhenTold(starting: Promise<Run>, clear: () => void): () => void {
  let stopping = false
  const stop = async (exitCode: number, reason?: string): Promise<void> => {
    if (stopping) process.exit(exitCode)
    stopping = true
    const run = await starting.catch(() => undefined)
    await run?.interrupt(reason)
    // It came too late: the reports are whole, and the command ends as if nobody had asked.
    if (await run?.done.then(Boolean, () => false)) return
    clear()
    process.stderr.write(`questline: ${reason ?? 'interrupted'}\n`)
    process.exit(exitCode)
  }
  for (const [signal, exitCode] of Object.entries(SIGNALS)) {
    process.on(signal, () => void stop(exitCode))
  }
  const onMessage = (message: unknown): void => {
    if (isStop(message)) void stop(SIGNALS.SIGTERM, message.stop)
  }
  const onDisconnect = (): void => void stop(SIGNALS.SIGTERM)
  process.on('message', onMessage)
  process.on('disconnect', onDisconnect)
  return () => {
    process.off('message', onMessage)
    process.off('disconnect', onDisconnect)
    if (process.connected) process.disconnect?.()
  }
}

const isStop = (message: unknown): message is { readonly stop: string } =>
  typeof message === 'object' &&
  message !== null &&
  'stop' in message &&
  typeof message.stop === 'string'
