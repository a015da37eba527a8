import { availableParallelism } from 'node:os'
import { dirname, join, resolve } from 'node:path'
// Not through the front door, which loads all that cells can mean.
import { readInputZone } from '../reports/cells/input-zone.ts'
import type { Reader } from './reader.ts'

export type ReportSettings = ReturnType<typeof readReportSettings>

/** Where purchases, confirmations and sessions come from. */
export const SOURCES = ['csv', 'log'] as const
const MINUTES_A_DAY = 1_440

export function readReportSettings(read: Reader, dataDir: string) {
  const inputZone = read.text('REPORTS_INPUT_ZONE') ?? 'UTC'
  if (!isZone(inputZone)) read.fault('REPORTS_INPUT_ZONE', `"${inputZone}" ${NO_ZONE}`)
  const badReceiptPattern = read.text('BAD_RECEIPT_PATTERN')
  if (badReceiptPattern !== undefined && !isPattern(badReceiptPattern)) {
    read.fault('BAD_RECEIPT_PATTERN', `"${badReceiptPattern}" is not a regular expression`)
  }
  return {
    source: read.choice('REPORTS_SOURCE', 'csv', SOURCES),
    /** Where the CSV files are. */
    data: dataDir,
    out: resolve(read.text('REPORTS_DIR') ?? join(dirname(dataDir), 'reports')),
    inputZone,
    ...(badReceiptPattern === undefined ? {} : { badReceiptPattern }),
    memoryLimitMb: read.integer('REPORTS_MEMORY_MB', 4_096, 192, 1_048_576),
    threads: read.integer('REPORTS_THREADS', availableParallelism(), 1, 256),
    keepDays: read.integer('RUNS_KEEP_DAYS', 90, 1, 36_500),
    /** Of a run that the server starts. */
    timeLimitMs: read.integer('REPORTS_TIME_LIMIT_SEC', 600, 1, 86_400) * 1_000,
    daily: {
      on: read.onOff('REPORTS_SCHEDULE', false),
      /** After midnight UTC. */
      delayMs: read.integer('REPORTS_DELAY_MIN', 30, 0, MINUTES_A_DAY - 1) * 60_000,
    },
  }
}

export const NO_ZONE = 'is not a zone such as UTC, Europe/Berlin or +02:00'

export const isZone = (text: string): boolean => readInputZone(text) !== undefined

/** As the reports read it: by code points, which allows fewer escapes. */
function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u')
    return true
  } catch {
    return false
  }
}
