// What arrived and what became of it, through the door and back out of it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DATABASES } from '../database.ts'
import { expectProblem } from '../http/problem.ts'
import { startServer, type TestServer } from '../http/server.ts'

const idOf = (n: number): string => `0199a1b2-c3d4-7e5f-8a6b-${String(n).padStart(12, '0')}`
const aPurchase = (n: number, fields: object = {}) => ({
  ...{ event_type: 'purchase', event_id: idOf(n), occurred_at: '2026-03-01T12:00:00Z' },
  ...{ player_id: 'ana', platform: 'ios', product_id: 'gems', quantity: 1, amount_micros: 1 },
  ...{ currency: 'USD', ...fields },
})

describe.each(DATABASES)('what arrived on $name', (database) => {
  let server: TestServer
  let other: string
  beforeAll(async () => {
    server = await startServer(database, { settings: { CONSUMERS: 'on' } })
    const { keys } = server.books.accounts
    other = (await keys.create({ scope: 'ingest', app: 'other' })).key
    await send(server.keys.ingest, [
      ...[aPurchase(1), aPurchase(2), aPurchase(1), aPurchase(2, { amount_micros: 9 })],
      ...[aPurchase(3, { platform: 'abacus' }), aPurchase(4, { product_id: ' ' })],
    ])
    await send(other, [aPurchase(1)])
  })
  afterAll(() => server.stop())

  const send = (token: string, events: readonly object[]) =>
    server.send('/v1/events', { token, body: { events: [...events] } })
  const ask = (query = '', token = server.keys.operator) =>
    server.send(`/v1/quality${query}`, { token })
  type Row = Readonly<Record<string, number>> & { readonly app: string; readonly minute: string }
  const rows = async (query = '') => (await ask(query)).body['minutes'] as readonly Row[]
  const isDone = async () => (await rows()).reduce((sum, { waiting = 0 }) => sum + waiting, 0)

  test('adds up by app and minute of arrival, not by when it happened', async () => {
    await expect.poll(isDone, { timeout: 10_000 }).toBe(0)
    const minute = expect.stringMatching(/T\d\d:\d\d:00\.000Z$/)
    expect(await rows()).toEqual([
      {
        ...{ app: 'my-game', minute, received: 6, duplicates: 1, conflicts: 1, rejected: 1 },
        ...{ accepted: 3, enriched: 2, refused: 1, waiting: 0 },
      },
      {
        ...{ app: 'other', minute, received: 1, duplicates: 0, conflicts: 0, rejected: 0 },
        ...{ accepted: 1, enriched: 1, refused: 0, waiting: 0 },
      },
    ])
    expect(await rows('?from=2026-03-01T12:00:00Z&to=2026-03-01T13:00:00Z')).toEqual([])
    expect((await rows('?app=other')).map(({ app }) => app)).toEqual(['other'])
  })

  test('is for operators, who see no other app than their own', async () => {
    expectProblem(await ask('', server.keys.ingest), 'forbidden')
    const { key } = await server.books.accounts.keys.create({ scope: 'operator', app: 'other' })
    expectProblem(await ask('?app=my-game', key), 'forbidden')
    const { body } = await ask('', key)
    expect((body['minutes'] as Row[]).map(({ app }) => app)).toEqual(['other'])
  })

  test.each(['from=noon', 'from=2026-01-01&to=2026-03-01', 'minutes=5'])(
    '?%s is refused',
    async (query) => {
      expectProblem(await ask(`?${query}`), 'invalid-request')
    },
  )

  test('health tells operators how far each consumer is', async () => {
    const consumers = async () => {
      const { body } = await server.send('/health', { token: server.keys.operator })
      const { events } = body['checks'] as { events: number }
      const all = body['consumers'] as { name: string; offset: number; lag: number }[]
      for (const { offset, lag } of all) expect(offset + lag).toBe(events)
      return all.filter(({ name }) => name !== 'lake')
    }
    const seen = (name: string) => ({ name, offset: 4, lag: 0 })
    await expect
      .poll(consumers, { timeout: 10_000 })
      .toEqual([seen('loss'), seen('quality'), seen('windows')])
  })
})
