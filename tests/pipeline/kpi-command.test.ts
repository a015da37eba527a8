import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshSqlite } from '../database.ts'
import { questline, spawnQuestline } from '../questline.ts'
import { type GameLog, NOON, openGameLog } from './game-log.ts'

describe('questline kpi', () => {
  let log: GameLog
  let around: Parameters<typeof questline>[1]
  const purchase = (player: string, at: number, amount: number, country: string) => ({
    type: 'purchase',
    player,
    at: NOON + at,
    fields: { product_id: 'gems', amount_micros: amount, currency: 'USD', country },
  })
  const RANGE = ['--from', '2026-03-01T12:00:00Z', '--to', '2026-03-01T12:10:00Z']

  beforeAll(async () => {
    log = await openGameLog({ fresh: freshSqlite })
    const folder = dirname(log.analyticsFile)
    around = { folder, settings: { DATABASE_URL: log.url, DATA_DIR: folder, LOG_LEVEL: 'error' } }
    await log.games(
      purchase('ana', 0, 827_690_000, 'GB'),
      purchase('bo', 1, 5_090_010_000, 'PT'),
      purchase('bo', 60_000, 1, 'PT'),
      {
        ...purchase('bo', 60_001, 2_500_000, 'PT'),
        fields: { product_id: 'gems', amount_micros: 2_500_000, currency: 'EUR' },
      },
    )
  })
  afterAll(() => log.close())

  it('prints the three tables, to the micro, and what has no rate', async () => {
    const { exit, output, errors } = await questline(['kpi', ...RANGE], around)
    expect([exit, errors]).toEqual([0, ''])
    expect(output).toBe(`Revenue by country
+------------------------------------------+--------------+---------------+
|window                                    |country       |country_revenue|
+------------------------------------------+--------------+---------------+
|{2026-03-01 12:00:00, 2026-03-01 12:01:00}|Portugal      |5090.01        |
|{2026-03-01 12:00:00, 2026-03-01 12:01:00}|United Kingdom|827.69         |
|{2026-03-01 12:01:00, 2026-03-01 12:02:00}|Portugal      |0.000001       |
+------------------------------------------+--------------+---------------+

Purchases and revenue
+------------------------------------------+---------------+-------------+
|window                                    |total_purchases|total_revenue|
+------------------------------------------+---------------+-------------+
|{2026-03-01 12:00:00, 2026-03-01 12:01:00}|2              |5917.70      |
|{2026-03-01 12:01:00, 2026-03-01 12:02:00}|2              |0.000001     |
+------------------------------------------+---------------+-------------+

Distinct users
+------------------------------------------+--------------+
|window                                    |distinct_users|
+------------------------------------------+--------------+
|{2026-03-01 12:00:00, 2026-03-01 12:01:00}|2             |
|{2026-03-01 12:01:00, 2026-03-01 12:02:00}|1             |
+------------------------------------------+--------------+

Not in the revenue, for want of a rate: 2.50 EUR (questline rates import)
`)
  })

  it('filters, and prints JSON as the API answers', async () => {
    const { output } = await questline(['kpi', ...RANGE, '--country', 'GB', '--json'], around)
    expect(JSON.parse(output)).toMatchObject({
      from: '2026-03-01T12:00:00.000Z',
      to: '2026-03-01T12:10:00.000Z',
      minutes: [
        { minute: '2026-03-01T12:00:00.000Z', purchases: 1, revenue_usd_micros: 827_690_000 },
      ],
    })
  })

  it('follows what comes, until it is told to stop', async () => {
    const words = ['kpi', ...RANGE, '--json', '--follow', '--every', '1']
    const child = spawnQuestline(words, around)
    let output = ''
    child.stdout?.on('data', (chunk) => {
      output += chunk
    })
    const documents = () =>
      output
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    await expect.poll(() => documents().length, { timeout: 20_000 }).toBeGreaterThan(0)
    await log.games(purchase('eve', 5 * 60_000, 1_000_000, 'PT'))
    await expect.poll(() => documents().at(-1).minutes.length, { timeout: 20_000 }).toBe(3)
    child.kill('SIGINT')
  }, 60_000)

  it.each([
    [['kpi', '--minutes', '0'], /whole number from 1/],
    [['kpi', '--from', 'noon'], /a time such as/],
    [['kpi', 'now'], /too many arguments/],
  ])('%j is called wrongly', async (words, message) => {
    const { exit, errors } = await questline(words, around)
    expect([exit, errors]).toEqual([2, expect.stringMatching(message)])
  })
})
