import { setFlagsFromString } from 'node:v8'
import { Command, InvalidArgumentError, Option } from 'commander'
import { isZone, NO_ZONE, SOURCES } from '../config/report-settings.ts'
// Not through the front door, which would load the logger and the metrics.
import { systemClock } from '../platform/clock.ts'
import type { Compute } from '../reports/runs/runs.ts'
import type { DailyUsersOptions } from './reports-daily-users.ts'
import type { RunOptions } from './reports-run.ts'

export type ReportsParts = {
  /** Loads what computes; the rest of the command works meanwhile. */
  loadCompute(): Promise<Compute>
}

/** Above this the optimizing compiler gives back what it takes (decision 50). */
const OPTIMIZED_BYTES = 32_000_000

const OURS: ReportsParts = {
  loadCompute: async () =>
    (await import('../reports/reports.ts')).createCompute({
      ...systemClock,
      memory: process.memoryUsage.rss,
      onInputs(bytes) {
        if (bytes < OPTIMIZED_BYTES) setFlagsFromString('--no-turbofan')
      },
    }),
}

export function reportsCommand(parts: ReportsParts = OURS): Command {
  const reports = new Command('reports').description(
    'Daily reports from CSV files or from the log: clean purchases, reconciliation, ROAS, anomalies, ARPDAU.',
  )
  reports
    .command('run')
    .summary('make the reports')
    .description(
      'Make the reports of purchases_raw.csv, confirmed_purchases.csv, costs_daily.csv and sessions.csv; with --source log of costs_daily.csv and, in place of the others, of the verified postbacks, purchase and session_start events of the books. They appear as a whole or not at all; the earlier ones can be read meanwhile, and each run is kept for RUNS_KEEP_DAYS. One run at a time per folder, beside a running server or without one.',
    )
    .addOption(
      new Option('--source <source>', 'CSV files or the log (default: REPORTS_SOURCE)').choices(
        SOURCES,
      ),
    )
    .option('--log-offset <n>', 'read the log up to this offset (default: its newest)', offset)
    .option('--data <folder>', 'the folder of the CSV files (default: DATA_DIR)')
    .option('--out <folder>', 'the folder of the reports (default: REPORTS_DIR)')
    .option('--date <day>', 'D-1, as 2026-02-28 (default: chosen from the data)', day)
    .option('--input-zone <zone>', 'of times that name none (default: REPORTS_INPUT_ZONE)', zone)
    .option('--json', 'print one JSON document: what run.json of the run says')
    .addOption(new Option('--now <instant>').argParser(instant).hideHelp())
    .addHelpText(
      'after',
      `
Exit code 2 means that a file or a column is missing or cannot be read; rejected rows fail no run,
they are in rejected_rows.csv. Ctrl-C stops a run, and its record says so.

Examples:
  questline reports run
  questline reports run --data exports --out reports --date 2026-02-28
  questline reports run --json | jq .reconciliation
  questline reports run --source log --data costs`,
    )
    .action(async (options: RunOptions) => {
      const { runReports } = await import('./reports-run.ts')
      await runReports(parts, options)
    })
  reports
    .command('list')
    .summary('list the runs, newest first')
    .description('List the runs that are kept, newest first, those that failed too.')
    .option('--out <folder>', 'the folder of the reports (default: REPORTS_DIR)')
    .option(
      '--json',
      'print one JSON document: {runs: [{run, started_at, finished_at, status, date, rows_in, rejected}]}',
    )
    .addHelpText('after', '\nExamples:\n  questline reports list\n  questline reports list --json')
    .action(async (options: { readonly out?: string; readonly json?: true }) => {
      const { listReports } = await import('./reports-list.ts')
      await listReports(options)
    })
  reports
    .command('daily-users')
    .summary('distinct users per day, country and platform')
    .description(
      'Distinct users per UTC day, country and platform, of the events in the lake, which is first brought up to the end of the log. An event counts whom it makes active where it happened: a player with two platforms on a day counts in both. Roll-ups have (ALL) in the columns that they fold.',
    )
    .option('--date <day>', 'one day, as 2026-02-28 (default: all days)', day)
    .option('--from <day>', 'the first day', day)
    .option('--to <day>', 'the last day', day)
    .option('--app <id>', 'of one app (default: of all)')
    .option('--csv', 'print CSV: date,country,country_code,platform,distinct_users')
    .option(
      '--json',
      'print one JSON document: [{date, country, country_code, platform, distinct_users}]',
    )
    .addHelpText(
      'after',
      `
Examples:
  questline reports daily-users --date 2026-02-28
  questline reports daily-users --from 2026-02-01 --to 2026-02-28 --csv
  questline reports daily-users --json | jq '.[] | select(.platform == "(ALL)")'`,
    )
    .action(async (options: DailyUsersOptions) => {
      const { reportDailyUsers } = await import('./reports-daily-users.ts')
      await reportDailyUsers(options)
    })
  return reports
}

function day(text: string): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const midnight = new Date(`${text}T00:00:00Z`)
  // `Date` reads 2026-02-30 as 2 March: a day that does not come back was none.
  if (isDay && !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text)) {
    return text
  }
  throw new InvalidArgumentError('It is not a day such as 2026-02-28.')
}

function offset(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is not an offset of the log such as 4711.')
}

function zone(text: string): string {
  if (isZone(text)) return text
  throw new InvalidArgumentError(`It ${NO_ZONE}.`)
}

function instant(text: string): number {
  const at = /Z$/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(at)) return at
  throw new InvalidArgumentError('It is not an instant such as 2026-03-01T00:30:00Z.')
}
