import { countryOf } from '../quality/quality.ts'
import { csvCell } from '../reports/cells/cells.ts'
import { type DailyUsers, dailyUsers } from '../reports/daily-users/daily-users.ts'
import { CommandFailure } from './command-failure.ts'
import { boxed } from './kpi-tables.ts'
import { print, printJson } from './output.ts'
import { withCurrentLake } from './with-lake.ts'

export type DailyUsersOptions = {
  readonly date?: string
  readonly from?: string
  readonly to?: string
  readonly app?: string
  readonly csv?: true
  readonly json?: true
}

const COLUMNS = ['date', 'country', 'country_code', 'platform', 'distinct_users'] as const

export async function reportDailyUsers(options: DailyUsersOptions): Promise<void> {
  const { date, app = null, csv, json } = options
  const { from = date ?? null, to = date ?? null } = options
  if (date !== undefined && (options.from !== undefined || options.to !== undefined)) {
    throw new CommandFailure(2, '--date is one day: leave out --from and --to')
  }
  if (from !== null && to !== null && from > to) {
    throw new CommandFailure(2, `--from ${from} is after --to ${to}`)
  }
  const rows = await withCurrentLake(({ read }) =>
    read((lake) => dailyUsers(lake, { from, to, app }, (code) => countryOf(code).name)),
  )
  if (json) return printJson(rows)
  await print(csv ? csvText(rows) : tableText(rows))
}

const csvText = (rows: readonly DailyUsers[]): string =>
  [COLUMNS, ...rows.map((row) => COLUMNS.map((name) => csvCell(String(row[name]))))]
    .map((cells) => cells.join(','))
    .join('\n')

/** Countries by their codes, as batch jobs over raw events print them. */
const tableText = (rows: readonly DailyUsers[]): string =>
  boxed(
    ['date', 'country', 'platform', 'distinct_users'],
    rows.map((row) => [row.date, row.country_code, row.platform, String(row.distinct_users)]),
  )
