import { setTimeout as sleep } from 'node:timers/promises'
import { KPI_METRICS } from '@questline/contracts'
import { Command, InvalidArgumentError } from 'commander'
import { catchUp } from '../analytics/analytics.ts'
import { newestOffset } from '../log/log.ts'
import { toInstant } from '../platform/platform.ts'
import { GRAIN_MS, type Grain, type KpiWindow, readKpi, startOf } from '../windows/windows.ts'
import { kpiTables } from './kpi-tables.ts'
import { print, printJson } from './output.ts'
import { type OpenedAnalytics, withAnalytics } from './with-analytics.ts'

type Options = {
  readonly minutes: number
  readonly from?: number
  readonly to?: number
  readonly app?: string
  readonly country?: string
  readonly platform?: string
  readonly follow?: true
  readonly every: number
  readonly json?: true
}

export const kpiCommand = (): Command =>
  new Command('kpi')
    .description(
      'Revenue by country, purchases and revenue, and distinct users, per minute of event time in UTC. Beside a running server or without one.',
    )
    .option('--minutes <n>', 'so many minutes up to now', wholeNumber(1, 10_080), 10)
    .option('--from <time>', 'from this time, instead of --minutes', instant)
    .option('--to <time>', 'up to this time, which is not included; now by default', instant)
    .option('--app <id>', 'of one app')
    .option('--country <code>', 'of one country')
    .option('--platform <name>', 'of one platform')
    .option('-f, --follow', 'refresh until Ctrl-C')
    .option('--every <seconds>', 'how often with --follow', wholeNumber(1, 3_600), 2)
    .option(
      '--json',
      'print one JSON document, as GET /v1/kpi/minutes answers; with --follow one a line',
    )
    .addHelpText(
      'after',
      `
Examples:
  questline kpi
  questline kpi --follow
  questline kpi --from 2026-03-01T12:00:00Z --to 2026-03-01T13:00:00Z --country PT
  questline kpi --json | jq '.minutes[].users'`,
    )
    .action((options: Options) => withAnalytics((opened) => show(opened, options)))

async function show(opened: OpenedAnalytics, options: Options): Promise<void> {
  for (;;) {
    // With Kafka nobody follows the log here: Flink writes the minutes, and there is no more of them.
    if (opened.config.kafka === null) {
      await catchUp(opened.consumers.stages, await newestOffset(opened.store.read))
    }
    const range = rangeOf(options, opened.clock.now())
    const windows = await readKpi(opened.analytics.read, {
      ...{ grain: 'minute', ...range, metric: null },
      ...{ app: options.app ?? null, country: options.country ?? null },
      platform: options.platform ?? null,
    })
    if (options.json) await printJson(documentOf(range, windows))
    else {
      // The whole screen is written anew where it is one; a file gets one table after the other.
      if (options.follow && process.stdout.isTTY) process.stdout.write('\x1b[2J\x1b[H')
      await print(kpiTables(windows))
    }
    if (!options.follow) return
    await sleep(options.every * 1_000)
  }
}

type Range = { readonly from: number; readonly to: number }

function rangeOf({ minutes, from, to }: Options, now: number): Range {
  const grain: Grain = 'minute'
  const ms = GRAIN_MS[grain]
  const end = startOf(grain, (to ?? now + 1) + ms - 1)
  return { from: from === undefined ? end - minutes * ms : startOf(grain, from), to: end }
}

function documentOf({ from, to }: Range, windows: readonly KpiWindow[]) {
  const minutes = windows.map(({ start, ...of }) => ({
    minute: toInstant(start),
    ...figuresOf(of),
  }))
  return { from: toInstant(from), to: toInstant(to), minutes }
}

/** In the order of the contract. */
const figuresOf = ({ users_missed, ...figures }: Omit<KpiWindow, 'start'>) => ({
  ...Object.fromEntries(KPI_METRICS.map((name) => [name, figures[name]])),
  ...(users_missed === undefined ? {} : { users_missed }),
})

function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`)
  }
}

function instant(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (!Number.isNaN(at)) return at
  throw new InvalidArgumentError('It is a time such as 2026-03-01T12:00:00Z.')
}
