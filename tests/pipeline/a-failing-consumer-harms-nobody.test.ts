import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshSqlite } from '../database.ts'
import { startServer, type TestServer } from '../http/server.ts'
import { fileOf } from '../open-store.ts'
import { plainSql } from '../plain-sql.ts'
import { logOf, NOON } from './game-log.ts'

describe('a consumer that fails', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(
      { name: 'sqlite', fresh: freshSqlite },
      { settings: { CONSUMERS: 'on' } },
    )
  })
  afterAll(() => server.stop())

  const metric = async (name: string): Promise<number> => {
    const { text } = await server.send('/metrics')
    return Number(new RegExp(`^questline_${name} (\\S+)$`, 'm').exec(text)?.[1])
  }
  const purchases = async (): Promise<unknown> => {
    const path = '/v1/kpi/days?from=2026-03-01&to=2026-03-02&metric=purchases'
    const { body } = await server.send(path, { token: server.keys.operator })
    return (body['days'] as { purchases: number }[])[0]?.purchases ?? 0
  }

  it('shows in the metrics, while the API and the other consumers go on, and catches up when it can', async () => {
    const analytics = `sqlite:///${join(dirname(fileOf(server.databaseUrl)), 'analytics.db')}`
    const log = logOf(server.books)
    const fields = { product_id: 'gems', amount_micros: 1, currency: 'USD' }
    const purchase = { type: 'purchase', player: 'ana', at: NOON, fields }
    await log.games(purchase)
    await expect.poll(purchases, { timeout: 10_000 }).toBe(1)
    expect(await metric('consumers_failing')).toBe(0)

    await plainSql(analytics, 'ALTER TABLE window_users RENAME TO hidden')
    // A player who is new must be kept.
    await log.games(purchase, { ...purchase, player: 'bo' })
    await expect.poll(() => metric('consumers_failing'), { timeout: 10_000 }).toBe(1)
    await expect
      .poll(() => metric('stage_lag_events{stage="quality"}'), { timeout: 10_000 })
      .toBe(0)
    expect(await metric('stage_lag_events{stage="windows"}')).toBe(2)
    expect(await metric('stage_lag_seconds{stage="windows"}')).toBeGreaterThan(0)
    expect(await metric('consumer_failures_total')).toBeGreaterThan(0)
    expect((await server.send('/health/ready')).status).toBe(200)
    expect(await purchases()).toBe(1)

    await plainSql(analytics, 'ALTER TABLE hidden RENAME TO window_users')
    await expect.poll(purchases, { timeout: 20_000 }).toBe(3)
    await expect.poll(() => metric('consumers_failing'), { timeout: 10_000 }).toBe(0)
  }, 60_000)
})
