import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { arrivedMinutes } from '../../packages/server/src/quality/quality.ts'
import { freshSqlite } from '../database.ts'
import { plainSql } from '../plain-sql.ts'
import { openTestAnalytics } from './consumers.ts'
import { NOON, openGameLog } from './game-log.ts'

it('what quality on Kafka has counted adds up with what arrived', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'questline-'))
  const log = await openGameLog({ fresh: freshSqlite })
  const file = join(folder, 'analytics.db')
  const analytics = await openTestAnalytics(file)
  const player = 'p1'
  for (let each = 0; each < 5; each += 1) await log.games({ type: 'level_up', player, at: NOON })
  const later = NOON + 60_000
  await plainSql(
    `sqlite:///${file}`,
    `INSERT INTO stream_counts VALUES ('game', ${NOON}, 0, 2, 1, 0, 0), ('game', ${NOON}, 1, 1, 0, 0, 0),
      ('game', ${later}, 0, 4, 1, 2, 3)`,
  )
  const range = { from: NOON, to: later + 60_000, app: 'game', rowsMax: 10 }
  const common = { app: 'game', rejected: 0 }
  expect(await arrivedMinutes(log.store.read, analytics.read, range)).toEqual([
    {
      ...{ ...common, minute: NOON, received: 5, accepted: 5, duplicates: 0, conflicts: 0 },
      ...{ enriched: 3, refused: 1, waiting: 1 },
    },
    // Past the books: known from quality alone.
    {
      ...{ ...common, minute: later, received: 10, accepted: 5, duplicates: 2, conflicts: 3 },
      ...{ enriched: 4, refused: 1, waiting: 0 },
    },
  ])
  await analytics.close()
  await log.close()
  rmSync(folder, { recursive: true })
})
