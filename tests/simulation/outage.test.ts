// The server is away for ten minutes while everybody plays on: nothing is lost, nothing counts twice.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Fetch } from '../../packages/server/src/simulate/simulate.ts'
import { freshSqlite } from '../database.ts'
import { startServer, type TestServer } from '../http/server.ts'
import { createPassingTime } from './passing-time.ts'
import { playOn } from './played-game.ts'

const MINUTE = 60_000

it('a server that is away for ten minutes has everything afterwards, each once and at its time', async () => {
  const startAt = Math.floor(Date.now() / MINUTE) * MINUTE - 60 * MINUTE
  const passing = createPassingTime(startAt)
  const folder = await mkdtemp(join(tmpdir(), 'questline-outage-'))
  const database = await freshSqlite()
  const start = (): Promise<TestServer> =>
    startServer(
      { name: 'sqlite', fresh: async () => ({ url: database.url, drop: async () => undefined }) },
      {
        settings: { CONSUMERS: 'on', LAKE_DIR: join(folder, 'lake') },
        world: { clock: passing.clock },
      },
    )
  const first = await start()
  let running: TestServer | null = first
  let refused = 0
  const reach: Fetch = async (url, request) => {
    if (running) return fetch(url.replace(first.url, running.url), request)
    refused += 1
    throw new TypeError('connection refused')
  }
  passing.at(startAt + 2 * MINUTE, async () => {
    running = null
    await first.halt()
  })
  passing.at(startAt + 12 * MINUTE, async () => {
    running = await start()
  })
  const ask: typeof globalThis.fetch = (input, init) =>
    fetch(String(input).replace(first.url, running?.url ?? first.url), init)
  try {
    const game = await playOn(
      first,
      { minutes: 14, rate: 0.5, players: 8, edgeMs: 0, offline: 0, bad: 0, seed: 'outage' },
      { time: passing.time, fetch: passing.holding(reach), ask },
    )
    expect(refused).toBeGreaterThan(100)
    expect(game).toMatchObject({ faults: [], differences: [], right: true })
    // None of what happened in these minutes is missing: neither dropped nor given up.
    const lost = Object.entries(game.truth).filter(([name]) => /^loss .* lost$/.test(name))
    expect(lost.map(([, count]) => count)).toEqual(lost.map(() => 0))
  } finally {
    await running?.stop()
    await first.stop()
    await database.drop()
    await rm(folder, { recursive: true, force: true })
  }
})
