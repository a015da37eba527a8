import { basename } from 'node:path'
import type { SessionCounts } from '../arpdau/arpdau.ts'
import { formatDay } from '../cells/cells.ts'
import { assertUnchanged } from '../input/input.ts'
import type { CostFindings } from '../inspect/inspect.ts'
import { type Details, writePage } from '../page/page.ts'
import type { ReconciliationSummary } from '../reconciliation/reconciliation.ts'
import type { RevenueSumming } from '../roas/roas.ts'
import type { RunSummary } from '../runs/runs.ts'
import { inputSummaries, type Read } from './balance.ts'
import type { Counts } from './clean-rows.ts'
import type { D1 } from './d1.ts'
import { computeDailyReports, dailyLines, writeJsonLines } from './daily-reports.ts'
import type { Outputs } from './outputs.ts'
import type { Work } from './work.ts'

/** What is known when all rows were looked at. */
export type Findings = {
  readonly read: Read
  readonly costs: Pick<CostFindings, 'costs' | 'summed'>
  readonly sessions: SessionCounts
  readonly purchases: Counts
  readonly confirmations: Counts
  readonly d1: D1
  readonly revenues: ReturnType<RevenueSumming['total']>
  readonly summary: ReconciliationSummary
  readonly details: Details
}

/**
 * Writes the reports that are no lists of rows, and waits for the others.
 * @param meanwhile is called before it waits
 */
export async function finishReports(
  { request, inputs, counts, rejected, stages }: Work,
  outputs: Outputs,
  found: Findings,
  meanwhile: () => Promise<void>,
): Promise<RunSummary> {
  const { d1, read, sessions, summary } = found
  const { costs, summed } = found.costs
  const dau = sessions.users.get(d1.day) ?? 0
  const daily = computeDailyReports(found.revenues, d1.day, costs, dau)
  for (const [name, lines] of dailyLines(daily)) {
    outputs.add(name, writeJsonLines(outputs.pathOf(name), lines))
  }
  outputs.add('rejected_rows.csv', rejected.write(outputs.pathOf('rejected_rows.csv')))
  const shown = {
    inputs: inputSummaries(read, counts, found),
    notes: [...notes(basename(inputs.costs.path), summed), ...(request.notes ?? [])],
  }
  const { details } = found
  const page = { ...shown, ...daily, summary, details, d1, usersByDay: sessions.users }
  outputs.add('report.html', writePage(outputs.pathOf('report.html'), page))
  await meanwhile()
  await outputs.done()
  for (const { file } of [read.purchases, read.confirmations, read.costs, read.sessions]) {
    await assertUnchanged(file)
  }
  const severities = daily.anomalies.map(({ severity }) => severity)
  return {
    inputs: shown.inputs,
    d1: { date: formatDay(d1.day), reason: d1.reason },
    reconciliation: {
      matched: summary.matched,
      af_only: summary.afOnly,
      confirmed_only: summary.confirmedOnly,
    },
    anomalies: {
      critical: severities.filter((severity) => severity === 'critical').length,
      warning: severities.filter((severity) => severity === 'warning').length,
    },
    notes: shown.notes,
    durations_ms: stages.finish(),
  }
}

const notes = (file: string, summed: number): string[] =>
  summed === 0
    ? []
    : [`${file}: ${summed} rows were added to another row of the same day and campaign`]
