// A made-up game with everything that goes wrong in real ones: its own exact count, the windows, the
// lake and the daily report say the same, to the micro.
import { afterEach, describe, expect, it } from 'vitest'
import { DATABASES } from '../database.ts'
import { startServer, type TestServer } from '../http/server.ts'
import { dailyUsersReport, lakeFaults, lakeFigures, ofMinutes } from './lake-figures.ts'
import { createPassingTime } from './passing-time.ts'
import { direct, playOn } from './played-game.ts'

const DAY = 86_400_000
/** Ten minutes before the last midnight but one: the game is played on two days. */
const BEFORE_MIDNIGHT = Math.floor(Date.now() / DAY) * DAY - DAY - 10 * 60_000

let server: TestServer | undefined
afterEach(async () => {
  await server?.stop()
  server = undefined
})

describe.each(DATABASES)('the truth of a game on $name', (database) => {
  it('is what the numbers say, over a midnight, on a clock that passes as the game does', async () => {
    const passing = createPassingTime(BEFORE_MIDNIGHT)
    server = await startServer(database, {
      settings: { CONSUMERS: 'on' },
      world: { clock: passing.clock },
    })
    const game = await playOn(
      server,
      { minutes: 20, rate: 0.5, players: 25, edgeMs: 0 },
      { time: passing.time, fetch: passing.holding(direct) },
    )
    expect(game).toMatchObject({ faults: [], differences: [], right: true })

    const settings = { DATABASE_URL: server.databaseUrl, DATA_DIR: server.dataDir }
    const around = { folder: server.dataDir, settings }
    expect(await lakeFigures('my-game', around)).toEqual(ofMinutes(game.truth))
    expect(await dailyUsersReport('my-game', around)).toEqual(game.dailyUsers)
    expect(new Set(game.dailyUsers.map(({ date }) => date)).size).toBe(2)
    expect(await lakeFaults(around)).toEqual([])
  })
})
