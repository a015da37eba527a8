// Every route of the contract × every place that names a player × everybody who might ask. What is
// expected follows from `access` alone; a route that fits none of the rules fails.
import { type Access, CLIENT_FAMILIES, ENVELOPE, ROUTES, type Route } from '@questline/contracts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DATABASES } from '../database.ts'
import { plainSql } from '../plain-sql.ts'
import { PLAIN_QUESTLINE } from '../report-runs/plain-questline.ts'
import type { Answer } from './client.ts'
import { expectProblem, expectProblemDocument } from './problem.ts'
import {
  ID_NAMES,
  idPlaces,
  naming,
  type Place,
  propertiesOf,
  rightRequest,
  toSend,
} from './requests.ts'
import { aDeviceSecret, startServer, type TestServer } from './server.ts'

const KEYS = ['operator', 'operator of one app', 'server', 'ingest'] as const
const CALLERS = ['nobody', 'the player', 'a stranger', ...KEYS] as const
type Caller = (typeof CALLERS)[number]

/** The answer for a player that exists, and for one that does not. */
type Expected = readonly [existing: number, missing: number]
const both = (status: number): Expected => [status, status]

/** Who may call, where the request names nobody. */
const UNNAMED: Readonly<Record<Access, Readonly<Record<Caller, number>>>> = {
  anyone: may(200, 200, 200, 200, 200, 200),
  verifier: may(200, 200, 200, 200, 200, 200),
  optional: may(200, 200, 200, 200, 403, 403),
  player: may(401, 200, 200, 403, 403, 403),
  // A server key that names nobody means nobody.
  'player-or-server': may(401, 200, 200, 403, 422, 403),
  'player-or-operator': may(401, 200, 200, 200, 403, 403),
  ingest: may(401, 403, 403, 403, 403, 200),
  operator: may(401, 403, 403, 200, 403, 403),
  'operator-of-all': { ...may(401, 403, 403, 200, 403, 403), 'operator of one app': 403 },
  // The door is open in development, and all of these come from this machine.
  'operator-or-door': may(200, 200, 200, 200, 200, 200),
}

/** Who may call, where the request names a player: its own token, another's, or a key. */
const NAMED: Readonly<Record<string, Readonly<Record<Caller, Expected>>>> = {
  'optional query': {
    ...named(both(401), both(404), both(200), both(403), both(403)),
    // It would see what the player did in other apps.
    'operator of one app': both(404),
  },
  'player-or-server body': named(both(401), both(403), both(403), [200, 404], both(403)),
  'player-or-operator params': named(both(401), both(404), [200, 404], both(403), both(403)),
  'operator body': {
    ...named(both(401), both(403), [200, 404], both(403), both(403)),
    'the player': both(403),
  },
  // A game sends events of all its players, whether or not they have an account.
  'ingest body': {
    ...named(both(401), both(403), both(403), both(403), both(200)),
    'the player': both(403),
  },
}

/** Fields whose values belong to the request itself. */
const NAMES_NOBODY = [
  ...['deviceSecret', 'username', 'password', 'refreshToken'],
  ...['amount', 'balance', 'currency', 'reason'],
  ...['eventType', 'meta', 'timestampUtc', 'tsUtc'],
  ...['event_type', 'start_time', 'end_time', 'limit', 'offset', 'cursor'],
  ...['character', 'campaign', 'code'],
  ...['wait', 'date', 'name'],
  ...['from', 'to', 'app', 'metric'],
  ...['events', ...Object.keys(ENVELOPE), ...Object.keys(CLIENT_FAMILIES.install.fields)],
  ...Object.keys(CLIENT_FAMILIES.purchase.fields),
]

/** Where a name is a claim that the same request has to prove; nobody's token matters. */
const LOGIN_WITHOUT_PROOF: Expected = [401, 200]

function may(
  ...statuses: readonly [number, number, number, number, number, number]
): Readonly<Record<Caller, number>> {
  const [nobody, player, stranger, operator, server, ingest] = statuses
  return {
    ...{ nobody, operator, server, ingest },
    ...{ 'the player': player, 'a stranger': stranger, 'operator of one app': operator },
  }
}

function named(
  nobody: Expected,
  stranger: Expected,
  operator: Expected,
  server: Expected,
  ingest: Expected,
): Readonly<Record<Caller, Expected>> {
  return {
    ...{ nobody, 'the player': both(200), 'a stranger': stranger },
    ...{ operator, 'operator of one app': operator, server, ingest },
  }
}

function expectedFor(route: Route, place: Place, caller: Caller): Expected {
  if (route.id === 'login') return LOGIN_WITHOUT_PROOF
  const rule = NAMED[`${route.access} ${place.part}`]
  if (!rule)
    throw new Error(`no rule says who may name a player in the ${place.part} of ${route.id}`)
  return rule[caller]
}

/** The success of a route without a name is its own first status; some can only fail as sent here. */
const OWN_STATUS: Readonly<Record<string, number>> = {
  register: 201,
  passwordLogin: 401,
  refresh: 401,
}

describe.each(DATABASES)('on $name', (database) => {
  let server: TestServer
  const tokens: Partial<Record<Caller, string>> = {}
  let made = 0

  beforeAll(async () => {
    server = await startServer(database, { reportsProgram: PLAIN_QUESTLINE })
    const body = { amount: 1_000 }
    await server.send('/earn', { token: await server.guest('stranger'), body })
    const ofOneApp = { scope: 'operator', app: 'my-game' }
    const { key } = await server.books.accounts.keys.create(ofOneApp)
    Object.assign(tokens, server.keys, { 'operator of one app': key })
  })
  beforeEach(async () => {
    // One of the routes logs it out.
    tokens['a stranger'] = await server.guest('stranger')
  })
  afterAll(() => server.stop())

  /** A player of its own for each case, since some of them change or end what they touch. */
  async function aPlayer(): Promise<string> {
    made += 1
    const userId = `player ${made}`
    tokens['the player'] = await server.guest(userId)
    await server.send('/earn', { token: tokens['the player'], body: { amount: 100 } })
    return userId
  }

  const ask = (
    route: Route,
    path: string,
    caller: Caller,
    request: ReturnType<typeof rightRequest>,
  ) => {
    const [url, sent] = toSend(route, request, path)
    return server.send(url, { ...sent, token: tokens[caller], id: 'the-same' })
  }

  const paths = ROUTES.flatMap((route) =>
    [route.path, ...route.aliases].map((path) => ({ route, path })),
  )
  const namingPaths = paths.flatMap(({ route, path }) =>
    idPlaces(route).map((place) => ({ route, path, place, where: `${place.part}.${place.name}` })),
  )

  test('every field of the contract is known either to name a player or not to', () => {
    const fields = ROUTES.flatMap(({ params, query, body }) =>
      [params, query, body].flatMap(propertiesOf),
    )
    const unknown = fields.filter(
      (name) => !ID_NAMES.includes(name) && !NAMES_NOBODY.includes(name),
    )
    expect(unknown).toEqual([])
    expect(new Set(namingPaths.map(({ route, where }) => `${route.id} ${where}`)).size).toBe(10)
  })

  describe.each(namingPaths)('$route.method $path naming a player in $where', (of) => {
    const { route, path, place } = of
    test.each(CALLERS)('asked by %s', async (caller) => {
      const userId = await aPlayer()
      const before = await stateOf(server, userId)
      const missingId = `missing ${made}`
      const [existing, missing] = expectedFor(route, place, caller)
      const right = rightRequest(route)
      // A player that names itself has no counterpart that is missing.
      const itself = caller === 'the player' && place.part !== 'params' && existing === 200

      const ofExisting = await ask(route, path, caller, naming(right, place, userId))
      expect(ofExisting.status, ofExisting.text).toBe(existing)
      if (existing >= 400) {
        expectProblemDocument(ofExisting)
        expect(await stateOf(server, userId)).toEqual(before)
        expect(ofExisting.text).not.toContain('100')
      }
      if (itself || caller === 'the player') return
      const ofMissing = await ask(route, path, caller, naming(right, place, missingId))
      expect(ofMissing.status, ofMissing.text).toBe(missing)
      if (existing >= 400 && missing >= 400) expect(wholeOf(ofMissing)).toEqual(wholeOf(ofExisting))
    })

    test('a stranger learns nothing from white space either', async () => {
      const userId = await aPlayer()
      const plain = await ask(route, path, 'a stranger', naming(rightRequest(route), place, userId))
      if (plain.status === 200) return
      for (const spelled of [` ${userId} `, `\t${userId}\n`]) {
        const request = naming(rightRequest(route), place, spelled)
        expect(wholeOf(await ask(route, path, 'a stranger', request))).toEqual(wholeOf(plain))
      }
    })
  })

  // Where the name is no option, the requests that bear one have said it all.
  const namelessPaths = paths.filter(({ route }) =>
    idPlaces(route).every(({ part, name }) => rightRequest(route)[part]?.[name] === undefined),
  )
  describe.each(namelessPaths)('$route.method $path naming nobody', ({ route, path }) => {
    test.each(CALLERS)('asked by %s', async (caller) => {
      await aPlayer()
      const answer = await ask(route, path, caller, freshNames(rightRequest(route), made))
      const expected = UNNAMED[route.access][caller]
      const own = expected === 200 ? (OWN_STATUS[route.id] ?? 200) : expected
      expect(answer.status, answer.text).toBe(own)
      if (own >= 400) expectProblemDocument(answer)
    })
  })

  test('a token of a guest does not log in as another, nor does another secret', async () => {
    const userId = await aPlayer()
    const attempt = (deviceSecret?: string) =>
      server.send('/login', { token: tokens['a stranger'], body: { userId, deviceSecret } })
    expectProblem(await attempt(), 'invalid-credentials')
    expectProblem(await attempt(aDeviceSecret('stranger')), 'invalid-credentials')
  })

  test('an id that headers claim is believed by nobody', async () => {
    const userId = await aPlayer()
    const headers = { 'x-user-id': userId, 'x-forwarded-user': userId, 'x-player-id': userId }
    const answer = await server.send('/balance', { token: tokens['a stranger'], headers })
    expect(answer.body['userId']).toBe('stranger')
    expectProblem(await server.send('/balance', { headers }), 'unauthenticated')
  })
})

/** All that a client can compare. */
const wholeOf = ({ status, headers, text }: Answer) => ({
  status,
  text,
  headers: { ...headers, date: '', connection: '' },
})

/** Names that must be new each time. */
function freshNames(request: ReturnType<typeof rightRequest>, n: number) {
  const { body } = request
  return body && 'username' in body
    ? { ...request, body: { ...body, username: `name-${n}` } }
    : request
}

const stateOf = ({ databaseUrl }: TestServer, userId: string) =>
  plainSql(
    databaseUrl,
    `SELECT
      (SELECT balance FROM balances WHERE player_id = '${userId}') AS balance,
      (SELECT count(*) FROM event_log WHERE player_id = '${userId}') AS events,
      (SELECT count(*) FROM refresh_tokens WHERE player_id = '${userId}') AS tokens`,
  )
