// A game that is ended early, at the moment at which it has most reason to go wrong: everybody waits
// for the next minute to begin.
import { expect, it } from 'vitest'
import { systemClock } from '../../packages/server/src/platform/platform.ts'
import { machineTime } from '../../packages/server/src/simulate/simulate.ts'
import { freshSqlite } from '../database.ts'
import { startServer } from '../http/server.ts'
import { playOn } from './played-game.ts'

const MINUTE = 60_000
/** A slow server needs some seconds until it listens. */
const QUIET_MS = 30_000

it('a game that is ended in the quiet end of a minute tells nothing that has not happened', async () => {
  const behind = (systemClock.now() % MINUTE) + QUIET_MS - 1_000
  const clock = { ...systemClock, now: () => systemClock.now() - behind }
  const server = await startServer(
    { name: 'sqlite', fresh: freshSqlite },
    { settings: { CONSUMERS: 'on' }, world: { clock } },
  )
  const ending = new AbortController()
  setTimeout(() => ending.abort(), 200)
  try {
    const game = await playOn(
      server,
      { edgeMs: QUIET_MS },
      { time: machineTime(clock), signal: ending.signal },
    )
    expect(game).toMatchObject({ played: 0, faults: [], differences: [], right: true })
  } finally {
    await server.stop()
  }
})
