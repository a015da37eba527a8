// The players entry against a real server, through a network that loses requests and answers.
import { createPlayers, type PlayerItems, ProblemError } from '@questline/sdk/players'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DATABASES } from '../database.ts'
import { PRODUCTION, startServer, type TestServer } from '../http/server.ts'
import { createLocalItems } from './items.ts'

/** `stale`: the token has run out on the way. */
type Trouble = 'no-request' | 'no-answer' | 'busy' | 'slow-down' | 'login-page' | 'stale'

/** What each next request meets; nothing once it is used up. */
type Network = { troubles: Trouble[]; readonly seen: { path: string; key: string; body: string }[] }

let server: TestServer
let url: string
const [database] = DATABASES

beforeAll(async () => {
  if (!database) throw new Error('there is a database')
  server = await startServer(database)
  url = server.url
})
afterAll(() => server.stop())

function createGame(storage: PlayerItems = createLocalItems()) {
  const network: Network = { troubles: [], seen: [] }
  let isDead = false
  const players = createPlayers({
    url,
    storage,
    host: {
      setTimer: (call, ms) => setTimeout(call, ms < 15_000 ? ms / 500 : ms),
      async fetch(address, request) {
        if (isDead) return new Promise(() => undefined)
        const key = request.headers['idempotency-key'] ?? ''
        network.seen.push({ path: new URL(address).pathname, key, body: String(request.body) })
        const trouble = network.troubles.shift()
        if (trouble === 'no-request') throw new TypeError('no network')
        if (trouble === 'login-page') return new Response('<html>')
        if (trouble === 'busy')
          return Response.json({}, { status: 503, headers: { 'retry-after': '2' } })
        if (trouble === 'slow-down') return Response.json({}, { status: 429 })
        const stale = trouble === 'stale' ? { authorization: 'Bearer run.out.token' } : {}
        const headers = { ...request.headers, ...stale }
        const answer = await fetch(address, { ...request, headers, body: request.body ?? null })
        if (trouble === 'no-answer') throw new TypeError('the connection broke')
        return answer
      },
    },
  })
  const die = (): void => {
    isDead = true
  }
  return { players, network, storage, die }
}

const problemOf = async (action: Promise<unknown>): Promise<ProblemError> => {
  const error = await action.catch((caught: unknown) => caught)
  if (error instanceof ProblemError) return error
  throw new Error(`no problem but ${String(error)}`)
}

describe('a guest', () => {
  it('is made once on a device, and is the same one after a restart', async () => {
    const first = createGame()
    const userId = await first.players.login()
    expect(first.players.userId).toBe(userId)
    await first.players.earn({ amount: 50, reason: 'level 1' })
    const second = createGame(first.storage)
    expect(await second.players.login()).toBe(userId)
    expect(await second.players.balance()).toBe(50)
    expect(await second.players.balance('gems')).toBe(0)
  })

  it('can log in again after a first login whose answer was lost', async () => {
    const { players, network } = createGame()
    network.troubles = ['no-answer']
    const userId = await players.login()
    const [lost, repeated] = network.seen
    expect(lost?.body).toBe(repeated?.body)
    expect(userId).toBe(JSON.parse(lost?.body ?? '').userId)
  })

  it('has a secret that production takes', async () => {
    if (!database) throw new Error('there is a database')
    const production = await startServer(database, { settings: PRODUCTION })
    try {
      const players = createPlayers({ url: production.url, storage: createLocalItems() })
      await players.login()
      const problem = await problemOf(players.earn({ amount: 5 }))
      expect(problem).toMatchObject({ code: 'door-closed', status: 403 })
    } finally {
      await production.stop()
    }
  })
})

describe('a registered player', () => {
  it('signs in, stays signed in over restarts, and signs out', async () => {
    const account = { username: 'ada.lovelace', password: 'a long enough password' }
    await server.send('/auth/register', { body: account })
    const first = createGame()
    const guest = await first.players.login()
    const userId = await first.players.signIn(account.username, account.password)
    expect(userId).toMatch(/^p_/)
    const second = createGame(first.storage)
    expect(await second.players.login()).toBe(userId)
    const third = createGame(first.storage)
    expect(await third.players.login()).toBe(userId)
    await third.players.logout()
    expect(third.players.userId).toBeUndefined()
    expect(await third.players.login()).toBe(guest)
  })

  it('learns by its code that the password is wrong', async () => {
    const { players } = createGame()
    const problem = await problemOf(players.signIn('nobody', 'a wrong password'))
    expect(problem).toMatchObject({ code: 'invalid-credentials', status: 401 })
    expect(problem.requestId).toBeTruthy()
  })
})

describe('earn and spend', () => {
  it('happen once, with the same key and bytes, whatever the network does', async () => {
    const { players, network, storage } = createGame()
    await players.login()
    for (const troubles of [
      ['no-answer'],
      ['no-request', 'no-answer', 'busy', 'login-page'],
      ['busy', 'slow-down', 'no-answer', 'no-answer'],
    ] as const) {
      network.troubles = [...troubles]
      network.seen.length = 0
      await players.earn({ amount: 100 })
      expect(new Set(network.seen.map(({ key, body }) => key + body)).size).toBe(1)
      expect(network.seen).toHaveLength(troubles.length + 1)
    }
    network.troubles = ['no-answer']
    expect(await players.spend({ amount: 30, reason: 'hat' })).toMatchObject({ balance: 270 })
    expect(await players.balance()).toBe(270)
    expect(pendingIn(storage)).toEqual([])
  })

  it('of the same amount are two movements', async () => {
    const { players } = createGame()
    await Promise.all([players.earn({ amount: 1 }), players.earn({ amount: 1 })])
    expect(await players.balance()).toBe(2)
  })

  it('are refused with the code of the server, and then forgotten', async () => {
    const { players, storage } = createGame()
    await players.login()
    const poor = await problemOf(players.spend({ amount: 1 }))
    expect(poor).toMatchObject({ code: 'insufficient-funds', status: 409 })
    const wrong = await problemOf(players.earn({ amount: 0.5 }))
    expect(wrong).toMatchObject({ code: 'invalid-request', status: 422 })
    expect(pendingIn(storage)).toEqual([])
  })

  it('without an answer stay written down, and are finished once by a later run', async () => {
    const { players, network, storage } = createGame()
    const userId = await players.login()
    network.troubles = Array<Trouble>(5).fill('no-answer')
    const problem = await problemOf(players.earn({ amount: 70 }))
    expect(problem).toMatchObject({ code: 'unreachable', status: 0 })
    expect(pendingIn(storage)).toHaveLength(1)
    const later = createGame(storage)
    await later.players.login()
    const resumed = await later.players.resume()
    expect(resumed).toEqual([
      {
        path: '/earn',
        movement: { amount: 70 },
        outcome: expect.objectContaining({ userId, amount: 70, balance: 70 }),
      },
    ])
    expect(await later.players.resume()).toEqual([])
    expect(await later.players.balance()).toBe(70)
  })

  it('are written down before anything is sent: a game that dies then loses nothing', async () => {
    const { players, die, storage } = createGame()
    await players.login()
    die()
    void players.earn({ amount: 9 })
    await expect.poll(() => pendingIn(storage)).toHaveLength(1)
    const later = createGame(storage)
    await later.players.login()
    await later.players.resume()
    expect(await later.players.balance()).toBe(9)
  })

  it('of another player of this device are left to that player', async () => {
    const account = { username: 'grace.hopper', password: 'a long enough password' }
    await server.send('/auth/register', { body: account })
    const { players, network, storage } = createGame()
    await players.login()
    network.troubles = Array<Trouble>(5).fill('no-request')
    await problemOf(players.earn({ amount: 5 }))
    await players.signIn(account.username, account.password)
    expect(await players.resume()).toEqual([])
    await players.logout()
    await players.login()
    expect(await players.resume()).toHaveLength(1)
    expect(pendingIn(storage)).toEqual([])
  })
})

describe('a token that has run out', () => {
  it('is renewed once for all calls that find it out, unseen by the game', async () => {
    const { players, network } = createGame()
    await players.login()
    network.troubles = ['stale', 'stale', 'stale']
    network.seen.length = 0
    await Promise.all([1, 2, 3].map((amount) => players.earn({ amount })))
    expect(network.seen.filter(({ path }) => path === '/login')).toHaveLength(1)
    expect(await players.balance()).toBe(6)
  })
})

function pendingIn(storage: PlayerItems): string[] {
  if (!('length' in storage)) return []
  const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
  return keys.filter((key) => key.includes('pending'))
}
