import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { POSTBACK_SIGNATURE_HEADER } from '@questline/contracts'
import { afterEach, describe, expect, it } from 'vitest'
import { DATABASES, freshSqlite } from '../../../../tests/database.ts'
import { createAudit } from '../audit/audit.ts'
import { loadConfig } from '../config/config.ts'
import { startQuestline } from '../main.ts'
import { systemClock } from '../platform/platform.ts'
import { createGame, createSeededRandom, type GameSettings, signPostback } from './simulate.ts'

const SECRET = 'ca38b4c1f0a94c5a8f0e6b4a1f6f0b9d'
const SMALL: GameSettings = {
  ...{ guests: 3, registered: 1, turnsPerPlayer: 25 },
  ...{ deeplinks: 2, purchases: 2 },
}

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function startServer(database: typeof freshSqlite, settings: Record<string, string> = {}) {
  const { url, drop } = await database()
  closing.push(drop)
  const dataDir = await mkdtemp(join(tmpdir(), 'questline-game-'))
  closing.push(() => rm(dataDir, { recursive: true, force: true }))
  const server = await startQuestline(
    loadConfig({
      ...{ HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'silent', AF_SECRET: SECRET },
      ...{ DATA_DIR: dataDir, DATABASE_URL: url, ...settings },
    }),
  )
  closing.push(() => server.stop())
  return server
}

type Fetch = typeof globalThis.fetch

const play = (baseUrl: string, seed = 'one', fetch: Fetch = globalThis.fetch, game = SMALL) =>
  createGame(
    { baseUrl, fetch, random: createSeededRandom(seed), clock: systemClock, afSecret: SECRET },
    game,
  ).play()

describe.each(DATABASES)('a game against a real server on $name', ({ fresh }) => {
  it('finds every answer and balance right, and leaves the books clean', async () => {
    const server = await startServer(fresh)
    const { did, requests, statuses, mismatches } = await play(server.address)

    expect(mismatches).toEqual([])
    // Each kind of thing was done: a game that does nothing finds nothing.
    expect(Object.entries(did).filter(([, times]) => times === 0)).toEqual([])
    expect(Object.values(statuses).reduce((a, b) => a + b, 0)).toBe(requests)
    expect(await createAudit({ store: server.books.store }).run()).toMatchObject({
      ok: true,
      checked: { players: 4, entries: did.earns + did.spends },
    })
  })
})

it('plays the same game for the same seed, and another for another', async () => {
  const games = []
  for (const seed of ['one', 'one', 'two']) {
    const { address } = await startServer(freshSqlite)
    games.push((await play(address, seed)).did)
  }
  expect(games[1]).toEqual(games[0])
  expect(games[2]).not.toEqual(games[0])
})

it('waits where the server says so, and then goes on', async () => {
  const { address } = await startServer(freshSqlite, { RATE_LIMIT_PLAYER: '20/15' })
  const short = { ...SMALL, guests: 1, registered: 0, turnsPerPlayer: 12 }
  const { mismatches, statuses } = await play(address, 'one', globalThis.fetch, short)
  expect(mismatches).toEqual([])
  expect(statuses['429']).toBeGreaterThan(0)
})

/** The real server, but for what `change` does to a request or its answer. */
type Fault = (url: URL, init: RequestInit, send: () => Promise<Response>) => Promise<Response>

const withFault =
  (fault: Fault): Fetch =>
  (input, init = {}) => {
    const url = new URL(String(input))
    return fault(url, init, () => fetch(url, init))
  }
const without = (init: RequestInit, name: string): RequestInit => {
  const headers = new Headers(init.headers)
  headers.delete(name)
  return { ...init, headers }
}

describe('finds a server at fault', () => {
  const faults: readonly (readonly [string, Fault, RegExp])[] = [
    [
      'that forgets keys',
      (url, init) => fetch(url, without(init, 'idempotency-key')),
      /repeats \/earn under its key/,
    ],
    [
      'that loses an earn after its answer',
      async (url, _init, send) => {
        const text = await (await send()).text()
        return new Response(
          url.pathname === '/balance' ? text.replace(/("balance"):\d+/, '$1:1') : text,
        )
      },
      /reads the balance/,
    ],
    [
      'that loses events',
      async (url, _init, send) =>
        url.pathname === '/event' ? Response.json({ ok: true, eventId: 1 }) : send(),
      /counts the events/,
    ],
    [
      'that lets a balance fall below zero',
      async (url, _init, send) => {
        const answer = await send()
        return url.pathname === '/spend' && answer.status === 409 ? Response.json({}) : answer
      },
      /spends \d+ of \d+/,
    ],
    [
      'that does not say that an answer is an old one',
      async (_url, _init, send) => {
        const answer = await send()
        return new Response(await answer.text(), { status: answer.status })
      },
      /is told so/,
    ],
    [
      'that shows other players',
      async (url, _init, send) =>
        url.pathname.startsWith('/user/') ? Response.json({ balance: 1 }) : send(),
      /looks at/,
    ],
    [
      'that believes every signature',
      (url, init, send) => {
        if (url.pathname !== '/af/postback') return send()
        const headers = { ...init.headers, [POSTBACK_SIGNATURE_HEADER]: sign(init) }
        return fetch(url, { ...init, headers })
      },
      /without the secret reports a purchase/,
    ],
    [
      'that takes any device secret',
      async (url, _init, send) => {
        const answer = await send()
        return url.pathname === '/login' && answer.status === 401 ? Response.json({}) : answer
      },
      /without its secret comes as/,
    ],
    ['that fails', async () => new Response('oh', { status: 500 }), /comes as a guest/],
  ]
  it.each(faults)('%s', async (_name, fault, what) => {
    const { address } = await startServer(freshSqlite)
    const { mismatches } = await play(address, 'one', withFault(fault))
    expect(mismatches.map((mismatch) => mismatch.what)).toContainEqual(expect.stringMatching(what))
  })
})

const sign = ({ body }: RequestInit): string => signPostback(SECRET, String(body))
