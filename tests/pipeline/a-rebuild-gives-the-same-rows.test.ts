import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshSqlite } from '../database.ts'
import { plainSql } from '../plain-sql.ts'
import { questline } from '../questline.ts'
import { fillBusyLog } from './busy-log.ts'
import { openTestAnalytics, rowsOf, testConsumers } from './consumers.ts'
import { type GameLog, openGameLog } from './game-log.ts'

describe('questline windows rebuild', () => {
  let log: GameLog
  beforeAll(async () => {
    log = await openGameLog({ fresh: freshSqlite })
    await fillBusyLog(log, 60)
  })
  afterAll(() => log.close())

  const rebuild = async () => {
    const folder = dirname(log.analyticsFile)
    const settings = { DATABASE_URL: log.url, DATA_DIR: folder, LOG_LEVEL: 'error' }
    const { exit, output, errors } = await questline(['windows', 'rebuild', '--json'], {
      folder,
      settings,
    })
    expect({ exit, errors }).toEqual({ exit: 0, errors: '' })
    return JSON.parse(output) as { rebuilt: { consumer: string; rows: number; changed: number }[] }
  }
  const numbers = async () => {
    const { window_facts, window_users, window_changes, window_purchases, window_rates, ...rest } =
      await rowsOf(log.analyticsFile)
    const { loss_devices, loss_versions } = rest
    return {
      window_facts,
      window_users,
      window_changes,
      window_purchases,
      window_rates,
      loss_devices,
      loss_versions,
    }
  }

  it('finds every row as it is, and changes nothing', async () => {
    const first = await rebuild()
    const before = await rowsOf(log.analyticsFile)
    const again = await rebuild()
    expect(again).toEqual(first)
    expect(again.rebuilt.map(({ consumer, changed }) => [consumer, changed])).toEqual([
      ['windows', 0],
      ['loss', 0],
    ])
    expect(again.rebuilt.every(({ rows }) => rows > 0)).toBe(true)
    expect(await rowsOf(log.analyticsFile)).toEqual(before)
  })

  it('puts right what is wrong, too much or missing, and a process that was running goes on rightly', async () => {
    const analytics = await openTestAnalytics(log.analyticsFile)
    const running = testConsumers(log.store, { file: log.analyticsFile, analytics })
    await running.drain()
    const expected = await numbers()
    await plainSql(
      `sqlite:///${log.analyticsFile}`,
      "UPDATE window_facts SET value = value + 1 WHERE grain = 'day' AND metric = 'users'",
      "DELETE FROM window_users WHERE user_id = 'player 7'",
      "INSERT INTO window_users VALUES ('day', 0, 'game', 'nobody', '[]')",
      'UPDATE loss_versions SET lost = lost + 1',
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
    const files = await readdir(dirname(log.analyticsFile))
    expect(files.filter((name) => name.startsWith('rebuild-'))).toEqual([])
  })
})
