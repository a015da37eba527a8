import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Rule } from '../../packages/server/src/quality/quality.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { DATABASES, type FreshDatabase } from '../database.ts'
import { openWholeWay, type WholeWay } from '../quality-kafka/whole-way.ts'
import { questline } from '../questline.ts'
import { openTestAnalytics } from './consumers.ts'
import { type GameLog, NOON, openGameLog } from './game-log.ts'

type Row = Readonly<Record<string, unknown>>

const RULES: readonly Rule[] = [
  { rule: 'known', field: 'product_id', events: ['purchase'], values: ['gems', 'coins'] },
]
const PLACES = DATABASES.flatMap((database) => [
  { ...database, onKafka: false },
  { ...database, name: `${database.name}, on Kafka`, onKafka: true },
])

describe.each(PLACES)('questline quality on $name', ({ fresh, onKafka }) => {
  let folder: string
  let log: GameLog
  let database: FreshDatabase
  let analytics: Store
  let kafka: WholeWay

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'questline-quality-'))
    database = await fresh()
    log = await openGameLog({ fresh: async () => database })
    await writeFile(join(folder, 'rules.json'), JSON.stringify({ rules: RULES }))
    analytics = await openTestAnalytics(
      database.url.startsWith('postgresql:') ? database.url : log.analyticsFile,
    )
    kafka = await openWholeWay({ books: log.store, analytics, folder, rules: RULES })
    await log.games(
      {
        type: 'init',
        player: 'ana',
        at: NOON - 60_000,
        fields: { country: 'PT', platform: 'ios' },
      },
      // Its bytes are kept as they are: spaces, order and all.
      { type: 'purchase', player: 'ana', at: NOON, text: RAW, eventId: EVENT_ID },
      { type: 'purchase', player: 'ana', at: NOON + 1, fields: { ...GOOD, product_id: '  ' } },
      { type: 'purchase', player: 'ana', at: NOON + 2, fields: GOOD },
    )
    await log.games({ ...DOOR_REFUSED })
  })
  afterAll(async () => {
    await analytics.close()
    await log.close()
    await rm(folder, { recursive: true })
  })

  const run = async (...words: readonly string[]) => {
    const settings = {
      ...{ DATABASE_URL: database.url, DATA_DIR: folder, LOG_LEVEL: 'error' },
      QUALITY_RULES: join(folder, 'rules.json'),
      // Nobody asks it: what the commands show lies in the databases.
      ...(onKafka ? { KAFKA_BROKERS: '127.0.0.1:1' } : {}),
      // What is computed lies with the books, on either.
      ...(database.url.startsWith('postgresql:') ? { ANALYTICS_URL: database.url } : {}),
    }
    if (onKafka) await kafka.settle()
    const { exit, output, errors } = await questline([...words, '--json'], { folder, settings })
    return { exit, errors, json: output === '' ? {} : (JSON.parse(output) as Row) }
  }
  const open = async (...words: readonly string[]): Promise<readonly Row[]> =>
    (await run('quality', 'list', ...words)).json['refused'] as Row[]
  const purchases = async (): Promise<Row> => {
    if (onKafka) return purchasesOf(kafka)
    const range = ['--from', '2026-03-01T12:00:00Z', '--to', '2026-03-01T12:01:00Z']
    const { json } = await run('kpi', ...range)
    return (json['minutes'] as Row[])[0] ?? {}
  }
  const idOf = async (reason: string): Promise<string> =>
    String((await open()).find((row) => row['reason'] === reason)?.['id'])

  it('lists what the rules and the door have refused, with the reason and the field', async () => {
    const rows = await open()
    expect(
      rows.map(({ stage, reason, path, status }) => ({ stage, reason, path, status })),
    ).toEqual(
      expect.arrayContaining([
        { stage: 'quality', reason: 'unknown-value', path: '/product_id', status: 'open' },
        { stage: 'quality', reason: 'required', path: '/product_id', status: 'open' },
        { stage: 'door', reason: 'schema', path: '/amount_micros', status: 'open' },
      ]),
    )
    expect(await open('--by', 'door')).toHaveLength(1)
    expect(await purchases()).toMatchObject({ purchases: 1, revenue_usd_micros: 4_990_000 })
  })

  it('says when an id is none', async () => {
    expect((await run('quality', 'show', 'x12')).exit).toBe(2)
    expect((await run('quality', 'replay', 'q999')).exit).toBe(1)
  })

  it('shows the untouched bytes', async () => {
    const { json } = await run('quality', 'show', await idOf('unknown-value'))
    expect(json).toMatchObject({ raw: RAW, event_id: EVENT_ID, app: 'game', stage: 'quality' })
  })

  it('replays a fixed event under its id, at its own time, once', async () => {
    const id = await idOf('unknown-value')
    const fix = ['quality', 'replay', id, '--set', 'product_id=gems']
    expect((await run(...fix)).json).toEqual({ id, outcome: 'replayed', event_id: EVENT_ID })
    expect((await run(...fix)).json).toEqual({ id, outcome: 'was-replayed', event_id: EVENT_ID })
    expect(await purchases()).toMatchObject({
      purchases: 2,
      revenue_usd_micros: 4_990_000 + 7_000_000,
      revenue_by_country: [{ country: 'Portugal' }],
    })
    expect(await open()).toHaveLength(2)
    expect(await open('--all')).toHaveLength(3)
  })

  it('changes nothing when the event would be refused again', async () => {
    const id = await idOf('required')
    const again = await run('quality', 'replay', id, '--set', 'product_id=cheese')
    expect(again.exit).toBe(1)
    expect(again.errors).toMatch(/unknown-value at \/product_id/)
    expect(await idOf('required')).toBe(id)
    expect(await purchases()).toMatchObject({ purchases: 2 })
  })

  it('takes the whole event from a file', async () => {
    const file = join(folder, 'fixed.json')
    const wrong = async () => {
      const { exit, errors } = await run(
        'quality',
        'replay',
        await idOf('required'),
        '--file',
        file,
      )
      return [exit, errors]
    }
    expect(await wrong()).toEqual([2, expect.stringMatching(/cannot be read: it does not exist/)])
    await writeFile(file, '{"event_id":')
    expect(await wrong()).toEqual([2, expect.stringMatching(/fixed\.json is no JSON: /)])
    await writeFile(file, JSON.stringify({ ...GOOD, amount_micros: 1_000_000, player_id: 'ana' }))
    const { json } = await run('quality', 'replay', await idOf('required'), '--file', file)
    expect(json['outcome']).toBe('replayed')
    expect(await purchases()).toMatchObject({ purchases: 3, revenue_usd_micros: 12_990_000 })
  })

  it('lets in what the door has refused, once it is right', async () => {
    const id = await idOf('schema')
    const refused = await run('quality', 'replay', id)
    expect([refused.exit, refused.errors]).toEqual([
      1,
      expect.stringMatching(/schema at \/amount_micros/),
    ])
    const fix = ['quality', 'replay', id, '--set', 'amount_micros=3000000']
    expect((await run(...fix)).json).toMatchObject({ id, outcome: 'replayed' })
    expect((await run(...fix)).json).toMatchObject({ id, outcome: 'was-replayed' })
    expect(await purchases()).toMatchObject({ purchases: 4, revenue_usd_micros: 15_990_000 })
  })

  it('accounts for each event, by app and minute of arrival', async () => {
    const { json } = await run('quality', 'status', '--minutes', '999999')
    const rows = json['minutes'] as Readonly<Record<string, number>>[]
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) {
      const { received = 0, accepted = 0, duplicates = 0, conflicts = 0, rejected = 0 } = row
      expect(received).toBe(accepted + duplicates + conflicts + rejected)
      expect(accepted).toBe((row['enriched'] ?? 0) + (row['refused'] ?? 0) + (row['waiting'] ?? 0))
      expect(row['waiting']).toBe(0)
    }
    expect(rows.reduce((sum, row) => sum + (row['refused'] ?? 0), 0)).toBe(0)
  })

  it('a rebuild gives the rows that the replays made, where the numbers come from the log', async () => {
    const { exit, errors, json } = await run('windows', 'rebuild')
    if (onKafka) expect([exit, errors]).toEqual([1, expect.stringMatching(/flink restate/)])
    else expect(json['rebuilt']).toMatchObject([{ changed: 0 }, { changed: 0 }])
  })
})

/** What `questline kpi` shows of the one minute. */
async function purchasesOf(kafka: WholeWay): Promise<Row> {
  await kafka.settle()
  const sold = kafka.enriched().filter(({ is_purchase }) => is_purchase)
  const revenue = sold.reduce((sum, { revenue_usd_micros }) => sum + (revenue_usd_micros ?? 0), 0)
  const countries = new Set(sold.map(({ country_code }) => country_code))
  return {
    ...{ purchases: sold.length, revenue_usd_micros: revenue },
    revenue_by_country: [...countries].map((code) => ({
      country: code === 'PT' ? 'Portugal' : code,
    })),
  }
}

const EVENT_ID = '0199a1b2-c3d4-7e5f-8a6b-9c0d1e2f3a4b'
const RAW = `{ "product_id":"cheese" , "event_type":"purchase","event_id":"${EVENT_ID}", "amount_micros":7000000,"currency":"USD","quantity":1,"player_id":"ana","platform":"ios","occurred_at":"2026-03-01T12:00:00Z","properties":{"a":"},{\\"offset\\":3,\\"event\\":"} }`
const GOOD = {
  product_id: 'gems',
  amount_micros: 4_990_000,
  currency: 'USD',
  quantity: 1,
  platform: 'ios',
}
/** Refused at the door for its amount. */
const DOOR_REFUSED = {
  type: 'purchase',
  player: 'ana',
  at: NOON + 3,
  refused: { reason: 'schema', path: '/amount_micros' },
  fields: { ...GOOD, amount_micros: -1 },
} as const
