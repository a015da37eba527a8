import { resolve } from 'node:path'
import { loadReportSettings, processEnvironment } from '../config/config.ts'
import { listRuns, type RunRecord } from '../reports/runs/runs.ts'
import { print, printJson, table } from './output.ts'

export async function listReports(options: {
  readonly out?: string
  readonly json?: true
}): Promise<void> {
  const settings = loadReportSettings(processEnvironment())
  const runs = await listRuns(options.out === undefined ? settings.out : resolve(options.out))
  await (options.json ? printJson({ runs: runs.map(toDocument) }) : print(listText(runs)))
}

const toDocument = ({
  run,
  started_at,
  finished_at,
  status,
  date,
  rows_in,
  rejected,
}: RunRecord) => ({ run, started_at, finished_at, status, date, rows_in, rejected })

function listText(runs: readonly RunRecord[]): string {
  if (runs.length === 0) return 'there are no runs: questline reports run makes one'
  const rows = runs.map(({ run, status, started_at, date, rows_in, rejected, error }) => [
    ...[run, status, started_at, date ?? ''],
    ...[String(rows_in), String(rejected), error ?? ''],
  ])
  return table([['RUN', 'STATUS', 'STARTED', 'D-1', 'ROWS', 'REJECTED', 'ERROR'], ...rows])
}
