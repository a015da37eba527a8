// A proxy sends the requests of many players over one connection, and a client the same header with
// each of its own: who calls is told by each request alone.
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DATABASES } from '../database.ts'
import { answersIn, aPost, aRequest, converse } from './raw.ts'
import { startServer, type TestServer } from './server.ts'

const KEY = 'a-key-of-the-settings'

describe.each(DATABASES)('on $name', (database) => {
  let server: TestServer
  const tokens = { ada: '', grace: '' }
  beforeAll(async () => {
    server = await startServer(database, { settings: { EVENT_API_KEY: KEY } })
    tokens.ada = await server.guest('ada')
    tokens.grace = await server.guest('grace')
  })
  afterAll(() => server.stop())

  /** Sends each when the one before is answered, all on one connection: status and player of each answer. */
  async function inTurn(requests: readonly string[]) {
    const exchange = await converse(
      server.url,
      async (socket) => {
        for (const request of requests) {
          socket.write(request)
          await once(socket, 'data')
        }
      },
      { answers: requests.length },
    )
    return answersIn(exchange).map(({ status, body }) => [status, body['userId']])
  }
  const bearing = (...values: readonly string[]) => values.map((value) => `Authorization: ${value}`)
  const balance = (headers: readonly string[]) => aRequest({ path: '/balance', headers })

  test('each request is its own caller’s', async () => {
    const [ada, grace] = [bearing(`Bearer ${tokens.ada}`), bearing(`Bearer ${tokens.grace}`)]
    const answers = await inTurn([ada, ada, grace, ada, [], grace, grace].map(balance))
    expect(answers).toEqual([
      [200, 'ada'],
      [200, 'ada'],
      [200, 'grace'],
      [200, 'ada'],
      [401, undefined],
      [200, 'grace'],
      [200, 'grace'],
    ])
  })

  test('a header that was good before is refused where it comes twice or is changed', async () => {
    const good = `Bearer ${tokens.ada}`
    const sent = [
      ...[bearing(good), bearing(good, good), bearing(good, `Bearer ${tokens.grace}`)],
      ...[bearing(`${good},`), bearing(good.slice(0, -1)), bearing(tokens.ada), bearing('')],
      ...[bearing(`bearer ${tokens.ada}`), bearing(`Bearer ${server.keys.operator}`)],
      bearing(good),
    ]
    const statuses = (await inTurn(sent.map(balance))).map(([status]) => status)
    expect(statuses).toEqual([200, 401, 401, 401, 401, 401, 401, 200, 403, 200])
  })

  test('a session that ends is refused on the connection that knew it', async () => {
    const headers = bearing(`Bearer ${await server.guest('mary')}`)
    const requests = [balance(headers), balance(headers), aPost('/auth/logout', '', headers)]
    const statuses = (await inTurn([...requests, balance(headers)])).map(([status]) => status)
    expect(statuses).toEqual([200, 200, 200, 401])
  })

  test('the key of the settings opens what it may, and is told anew from each header', async () => {
    const [key, ada] = [`Bearer ${KEY}`, `Bearer ${tokens.ada}`]
    const batch = (...sent: readonly string[]) =>
      aPost('/v1/events', '{"events":[]}', bearing(...sent))
    const requests = [
      ...[batch(key), batch(key), batch(`${key}s`), batch(key, key), batch(ada), batch(key)],
      ...[balance(bearing(key)), balance(bearing(ada)), batch(`bearer ${KEY}`), batch(key)],
    ]
    const statuses = (await inTurn(requests)).map(([status]) => status)
    expect(statuses).toEqual([200, 200, 401, 401, 403, 200, 403, 200, 200, 200])
  })
})
