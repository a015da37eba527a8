// Counts the daily users some times over, in the lake or in a table of SQLite, and says what it took.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { withLake } from '../../packages/server/src/lake/lake.ts'
import { readLog } from '../../packages/server/src/log/log.ts'
import { systemRandom } from '../../packages/server/src/platform/platform.ts'
import { dailyUsers } from '../../packages/server/src/reports/daily-users/daily-users.ts'
import { openStore } from '../../packages/server/src/store/store.ts'
import type { Counted, CountJob } from './jobs.ts'

const job: CountJob = JSON.parse(readFileSync(0, 'utf8'))
const { folder, lake, engine, question, runs } = job

/** Opening the files is part of it. */
async function inLake(): Promise<number> {
  const scratch = join(folder, 'reading')
  const settings = { folder: lake, memoryLimitMb: 1_024, threads: availableParallelism(), scratch }
  const rows = await withLake(settings, (opened) =>
    question === 'report'
      ? dailyUsers(opened, { from: null, to: null, app: null }, String)
      : opened.engine.rows(DAYS_IN_LAKE),
  )
  return rows.reduce((sum, row) => sum + Number(row['distinct_users']), 0)
}

const DAYS_IN_LAKE = `SELECT "date", count(DISTINCT (app, id)) AS distinct_users FROM (
    SELECT "date", app, user_id AS id FROM events_enriched WHERE user_id IS NOT NULL
    UNION ALL SELECT "date", app, unnest(further_users).id FROM events_enriched
    WHERE further_users IS NOT NULL)
  GROUP BY "date"`

const inSets = (columns: readonly string[]): string =>
  `SELECT ${columns.map((column) => column || "'(ALL)'").join(', ')},
    count(DISTINCT app || ' ' || player_id) AS distinct_users
  FROM events GROUP BY ${columns.filter(Boolean).join(', ')}`
const DATE = "date(corrected_at / 1000, 'unixepoch')"

/** The same rows. */
function inSqlite(): number {
  const report = [
    [DATE, 'country_code', 'platform'],
    [DATE, 'country_code', ''],
    [DATE, '', 'platform'],
    [DATE, '', ''],
  ]
  const sets = question === 'report' ? report : report.slice(-1)
  const live = new DatabaseSync(join(folder, 'live.db'), { readOnly: true })
  const rows = live.prepare(sets.map(inSets).join(' UNION ALL ')).all()
  live.close()
  return rows.reduce((sum, row) => sum + Number(row['distinct_users']), 0)
}

/** From the live books as they are: their events lie in compressed batches, which no SQL looks into. */
async function inLog(): Promise<number> {
  const settings = { kind: 'sqlite', file: join(folder, 'app.db'), busyTimeoutMs: 5_000 } as const
  const books = openStore({ random: systemRandom(), onIdleError: () => undefined }, settings)
  const days = new Map<number, Set<string>>()
  for await (const { records } of readLog(books.read, 0, { events: 5_000 })) {
    for (const { app, playerId, correctedAt, event } of records) {
      const day = Math.floor(correctedAt / 86_400_000)
      const users = days.get(day) ?? new Set()
      days.set(day, users)
      if (playerId !== null) users.add(`${app} ${playerId}`)
      const other = (event as Readonly<Record<string, unknown>>)['user-b']
      if (other !== undefined) users.add(`${app} ${other}`)
    }
  }
  await books.close()
  return [...days.values()].reduce((sum, users) => sum + users.size, 0)
}

const ENGINES = { lake: inLake, sqlite: async () => inSqlite(), log: inLog }
const seconds: number[] = []
const cpuSeconds: number[] = []
let sum = 0
for (let run = 0; run < runs; run += 1) {
  const cpu = process.cpuUsage()
  const begun = performance.now()
  sum = await ENGINES[engine]()
  seconds.push((performance.now() - begun) / 1_000)
  const { user, system } = process.cpuUsage(cpu)
  cpuSeconds.push((user + system) / 1e6)
}
const counted: Counted = {
  ...{ seconds, cpuSeconds, sum },
  peakMb: process.resourceUsage().maxRSS / 1_024,
}
process.stdout.write(JSON.stringify(counted))
