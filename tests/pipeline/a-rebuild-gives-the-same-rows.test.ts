import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshPostgres, freshSqlite } from '../database.ts'
import { plainSql } from '../plain-sql.ts'
import { questline } from '../questline.ts'
import { fillBusyLog } from './busy-log.ts'
import { openTestAnalytics, rowsOf, testConsumers } from './consumers.ts'
import { type GameLog, NOON, openGameLog } from './game-log.ts'

const PLACES = [
  { name: 'a file', fresh: freshSqlite, isShared: false },
  { name: 'PostgreSQL', fresh: freshPostgres, isShared: true },
]

const LONG_AGO = NOON - 60 * 86_400_000
const distantPast = ['ana', 'bo'].map((player) => ({
  ...{ type: 'session_start', player, at: LONG_AGO },
}))

describe.each(PLACES)('questline windows rebuild, with $name', ({ fresh, isShared }) => {
  let log: GameLog
  let folder: string
  /** Where the analytics are, as helpers of tests take it, and as plain SQL does. */
  let at: string
  let url: string
  beforeAll(async () => {
    log = await openGameLog({ fresh })
    folder = isShared
      ? await mkdtemp(join(tmpdir(), 'questline-rebuild-'))
      : dirname(log.analyticsFile)
    at = isShared ? log.url : log.analyticsFile
    url = isShared ? log.url : `sqlite:///${at}`
    // Its sets of users are let go of by what comes two months later.
    await log.games(...distantPast)
    await fillBusyLog(log, 60)
    // In the order of their bytes, as rows are compared, these are no neighbours.
    await log.games(
      ...['zoe', 'Zoe', 'zoë', 'Ana', 'ana', 'player-7', 'player_7'].map((player) => ({
        ...{ type: 'session_start', player },
        fields: { device_id: player, seq: 1, platform: 'ios' },
      })),
    )
  })
  afterAll(async () => {
    await log.close()
    await rm(folder, { recursive: true, force: true })
  })

  const rebuild = async () => {
    const shared = isShared ? { ANALYTICS_URL: log.url } : {}
    const settings = { DATABASE_URL: log.url, DATA_DIR: folder, LOG_LEVEL: 'error', ...shared }
    const { exit, output, errors } = await questline(['windows', 'rebuild', '--json'], {
      folder,
      settings,
    })
    expect({ exit, errors }).toEqual({ exit: 0, errors: '' })
    return JSON.parse(output) as { rebuilt: { consumer: string; rows: number; changed: number }[] }
  }
  const numbers = async () => {
    const rows = Object.entries(await rowsOf(at))
    return Object.fromEntries(rows.filter(([table]) => /^(window|loss)_/.test(table)))
  }

  it('finds every row as it is, and changes nothing', async () => {
    const first = await rebuild()
    const before = await rowsOf(at)
    const again = await rebuild()
    expect(again).toEqual(first)
    expect(again.rebuilt.map(({ consumer, changed }) => [consumer, changed])).toEqual([
      ['windows', 0],
      ['loss', 0],
    ])
    expect(again.rebuilt.every(({ rows }) => rows > 0)).toBe(true)
    expect(await rowsOf(at)).toEqual(before)
  })

  it('puts right what is wrong, too much or missing, and a process that was running goes on rightly', async () => {
    const analytics = await openTestAnalytics(at)
    const running = testConsumers(log.store, { file: at, analytics })
    await running.drain()
    const expected = await numbers()
    const schema = isShared ? 'analytics.' : ''
    await plainSql(
      url,
      `UPDATE ${schema}window_facts SET value = value + 1 WHERE grain = 'day' AND metric = 'users'`,
      `DELETE FROM ${schema}window_users WHERE user_id = 'player 7'`,
      `INSERT INTO ${schema}window_users VALUES ('day', 0, 'game', 'nobody', '[]')`,
      `UPDATE ${schema}window_user_sets SET missed = 7, has_users = 1 WHERE start = ${LONG_AGO}`,
      `UPDATE ${schema}window_clock SET hour_at = 0`,
      `UPDATE ${schema}loss_versions SET lost = lost + 1`,
    )
    expect(await numbers()).not.toEqual(expected)
    const { rebuilt } = await rebuild()
    expect(rebuilt.every(({ changed }) => changed > 0)).toBe(true)
    expect(await numbers()).toEqual(expected)

    await fillBusyLog(log, 5, 2)
    await running.drain()
    await analytics.close()
    const after = await rebuild()
    expect(after.rebuilt.map(({ changed }) => changed)).toEqual([0, 0])
  })

  it('leaves no file behind', async () => {
    const { readdir } = await import('node:fs/promises')
    await rebuild()
    const files = await readdir(folder)
    expect(files.filter((name) => name.startsWith('rebuild-'))).toEqual([])
  })
})
