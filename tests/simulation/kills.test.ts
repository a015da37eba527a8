// The server is killed over and over while a game is played: whatever was acknowledged is
// there once, and the numbers are exactly right. SIMULATION_SECONDS plays longer.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { freshSqlite } from '../database.ts'
import { freePort } from '../free-port.ts'
import { plainSql } from '../plain-sql.ts'
import { questline, type RunningServer, startServerProcess } from '../questline.ts'
import { lakeFaults, lakeFigures, ofMinutes } from './lake-figures.ts'
import { playOn } from './played-game.ts'

const SECONDS = Number(process.env['SIMULATION_SECONDS'] ?? 12)
/** After it listens: in the middle of the first requests, and when the consumers have begun. */
const LIVES_MS = [300, 1_200, 600, 1_800, 900]
const APP = 'my-game'
const INGEST_KEY = 'an-ingest-key-for-the-time-of-a-test'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'questline-kills-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('a server that is killed over and over has all that it acknowledged, once', async () => {
  const database = await freshSqlite()
  const settings = {
    ...{ DATA_DIR: folder, DATABASE_URL: database.url, LOG_LEVEL: 'error', RATE_LIMIT: 'off' },
    ...{ PORT: String(await freePort()), EVENT_API_KEY: INGEST_KEY, EVENT_API_APP: APP },
  }
  const around = { folder, settings }
  const made = await questline(['keys', 'create', '--scope', 'operator', '--json'], around)
  const operator: string = JSON.parse(made.output).key

  let server: RunningServer = await startServerProcess(around)
  let kills = 0
  const ending = new AbortController()
  // Before it plays the game asks what is there already, and takes no answer for none.
  const begun = Promise.withResolvers<void>()
  const killing = async (): Promise<void> => {
    await begun.promise
    while (!ending.signal.aborted) {
      await sleep(LIVES_MS[kills % LIVES_MS.length])
      server.child.kill('SIGKILL')
      await server.exit()
      kills += 1
      server = await startServerProcess(around)
    }
  }
  try {
    const killed = killing()
    const url = server.facts.address
    setTimeout(() => ending.abort(), SECONDS * 1_000)
    const game = await playOn(
      { url, keys: { operator, ingest: INGEST_KEY, server: '' } },
      { minutes: SECONDS / 6, speed: 10, rate: 20, players: 20, offline: 0, seed: 'kills' },
      { signal: AbortSignal.timeout(SECONDS * 1_000 + 10_000), progress: () => begun.resolve() },
    )
    await killed
    const { failed, requests } = game.network
    console.log(`${kills} kills, ${failed} of ${requests} requests unanswered`)
    expect(game).toMatchObject({ faults: [], differences: [], right: true })
    expect(kills).toBeGreaterThanOrEqual(3)
    expect(failed).toBeGreaterThan(0)

    expect(await lakeFigures(APP, around)).toEqual(ofMinutes(game.truth))
    expect(await lakeFaults(around)).toEqual([])
    const [ids] = await plainSql(database.url, 'SELECT count(*) AS ids FROM event_ids')
    const [arrived] = await plainSql(database.url, 'SELECT sum(accepted) AS accepted FROM arrivals')
    const accepted = Number(ids?.['ids'])
    expect(Number(arrived?.['accepted'])).toBe(accepted)
    // What devices have numbered is in the log, or was refused and is remembered by its number.
    const [refused] = await plainSql(
      database.url,
      'SELECT count(*) AS n FROM (SELECT DISTINCT device_id, seq FROM unlogged_numbers)',
    )
    const received = Object.entries(game.truth)
      .filter(([name]) => /^loss .* received$/.test(name))
      .reduce((sum, [, count]) => sum + count, 0)
    expect(received).toBe(accepted + Number(refused?.['n']))
    const rebuilt = await questline(['windows', 'rebuild', '--json'], around)
    const changed = JSON.parse(rebuilt.output).rebuilt.map(
      (each: { changed: number }) => each.changed,
    )
    expect(changed).toEqual([0, 0])
  } finally {
    begun.resolve()
    ending.abort()
    server.child.kill('SIGTERM')
    await server.exit()
    await database.drop()
  }
}, 120_000)
