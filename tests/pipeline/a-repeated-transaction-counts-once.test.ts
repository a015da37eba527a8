import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../../packages/server/src/store/store.ts'
import { freshSqlite } from '../database.ts'
import { plainSql } from '../plain-sql.ts'
import { openTestAnalytics, testConsumers } from './consumers.ts'
import { type GameLog, NOON, openGameLog } from './game-log.ts'

describe('a database that asks for a repeat of transactions', () => {
  let folder: string
  let log: GameLog
  let analytics: Store

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'questline-'))
    log = await openGameLog({ fresh: freshSqlite })
    analytics = await openTestAnalytics(join(folder, 'analytics.db'))
  })
  afterEach(async () => {
    await analytics.close()
    await log.close()
    rmSync(folder, { recursive: true })
  })

  /** Each transaction is done, undone, and done again, as PostgreSQL asks for in a conflict. */
  const repeating = (): Store => ({
    ...analytics,
    async transaction(work) {
      const undone = new Error('undone')
      await analytics
        .transaction(async (tx) => {
          await work(tx)
          throw undone
        })
        .catch((error: unknown) => {
          if (error !== undone) throw error
        })
      return analytics.transaction(work)
    },
  })

  it('keeps the inits of players, and none is known before its time', async () => {
    const player = 'p1'
    await log.games(
      { type: 'level_up', player, at: NOON },
      { type: 'init', player, at: NOON, fields: { country: 'PT', platform: 'ios' } },
    )
    const file = join(folder, 'analytics.db')
    await testConsumers(log.store, { file, analytics: repeating() }).drain()
    const inits = 'SELECT player_id, country_code FROM player_inits'
    expect(await plainSql(`sqlite:///${file}`, inits)).toEqual([
      { player_id: player, country_code: 'PT' },
    ])
    const users = `SELECT country_code, sum(value) AS n FROM window_facts WHERE grain = 'minute'
      AND metric = 'events' AND platform <> '(ALL)' AND country_code <> '(ALL)'
      GROUP BY country_code ORDER BY country_code`
    expect(await plainSql(`sqlite:///${file}`, users)).toEqual([
      { country_code: 'PT', n: 1n },
      { country_code: 'UNKNOWN', n: 1n },
    ])
  })
})
