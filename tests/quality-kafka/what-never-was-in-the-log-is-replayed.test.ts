import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Rule } from '../../packages/server/src/quality/quality.ts'
import {
  readStreamCounts,
  type Stored,
} from '../../packages/server/src/quality-kafka/quality-kafka.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { freshSqlite } from '../database.ts'
import { openTestAnalytics } from '../pipeline/consumers.ts'
import { type GameLog, NOON, openGameLog } from '../pipeline/game-log.ts'
import { questline } from '../questline.ts'
import { openWholeWay, type WholeWay } from './whole-way.ts'

type Row = Readonly<Record<string, unknown>>

const RULES: readonly Rule[] = [
  { rule: 'known', field: 'product_id', events: ['purchase'], values: ['gems'] },
]
const PURCHASE = {
  ...{ event_type: 'purchase', amount_micros: 4_990_000, currency: 'USD', quantity: 1 },
  ...{ player_id: 'ana', platform: 'ios', occurred_at: '2026-03-01T12:00:00Z' },
}
const uuid = (number: number): string =>
  `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`

/** Past the books, as the door stores it. */
const direct = (number: number, event: Row, says = 1): Stored => ({
  ...{ app: 'game', event_id: uuid(number), event_type: String(event['event_type']) },
  ...{ fingerprint: says.toString(16).padStart(16, '0'), player_id: 'ana' },
  ...{ occurred_at: NOON, sent_at: null, received_at: NOON + 1_000, corrected_at: NOON },
  ...{ flags: [], sdk: 'questline-js/1.0.0', source: 'http' },
  event: { event_id: uuid(number), ...event },
})

describe('questline quality, of what went to Kafka past the books', () => {
  let folder: string
  let log: GameLog
  let analytics: Store
  let kafka: WholeWay

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'questline-'))
    writeFileSync(join(folder, 'rules.json'), JSON.stringify({ rules: RULES }))
    log = await openGameLog({ fresh: freshSqlite })
    analytics = await openTestAnalytics(log.analyticsFile)
    kafka = await openWholeWay({ books: log.store, analytics, folder, rules: RULES })
  })
  afterAll(async () => {
    await analytics.close()
    await log.close()
    rmSync(folder, { recursive: true })
  })

  const run = async (...words: readonly string[]) => {
    await kafka.settle()
    const settings = {
      ...{ DATABASE_URL: log.url, DATA_DIR: folder, LOG_LEVEL: 'error' },
      ...{ QUALITY_RULES: join(folder, 'rules.json') },
      ...{ KAFKA_BROKERS: '127.0.0.1:1', INGEST_LOG: 'kafka' },
    }
    const { exit, output, errors } = await questline([...words, '--json'], { folder, settings })
    return { exit, errors, json: output === '' ? {} : (JSON.parse(output) as Row) }
  }
  const idOf = async (reason: string): Promise<string> => {
    const { json } = await run('quality', 'list')
    const rows = json['refused'] as readonly Row[]
    return String(rows.find((row) => row['reason'] === reason)?.['id'])
  }
  const enrichedAs = async (eventId: string) => {
    await kafka.settle()
    return kafka.enriched().filter(({ event_id }) => event_id === eventId)
  }
  const counts = async (): Promise<Row> => {
    const rows = await readStreamCounts(analytics.read, 'game', 0, Number.MAX_SAFE_INTEGER)
    const sum = (of: 'enriched' | 'rejected' | 'duplicates' | 'conflicts') =>
      rows.reduce((total, row) => total + row[of], 0)
    return {
      ...{ enriched: sum('enriched'), rejected: sum('rejected') },
      ...{ duplicates: sum('duplicates'), conflicts: sum('conflicts') },
    }
  }

  it('what a rule refused is put right under its id, at its own time, once', async () => {
    const text = JSON.stringify(direct(1, { product_id: 'cheese', ...PURCHASE }))
    // Its bytes are kept as they are.
    const raw = '{ "product_id" : "cheese" ,"event_type":"purchase", "x":"},{\\"event\\":" }'
    const head = text.slice(0, text.indexOf(',"event":'))
    await kafka.sendOurs('game\nana', `${head},"event":${raw}}`)
    const id = await idOf('unknown-value')
    expect(id).toMatch(/^k\d+$/)
    expect((await run('quality', 'show', id)).json).toMatchObject({
      ...{ raw, stage: 'quality', status: 'open', event_id: uuid(1) },
      ...{ sdk: 'questline-js/1.0.0', source: 'http' },
    })
    const again = await run('quality', 'replay', id, '--set', 'product_id=bread')
    expect([again.exit, again.errors]).toEqual([1, expect.stringMatching(/unknown-value/)])
    const whole = join(folder, 'whole.json')
    writeFileSync(whole, JSON.stringify({ ...PURCHASE, event_id: uuid(1), product_id: 'gems' }))
    const fix = ['quality', 'replay', id, '--file', whole]
    expect((await run(...fix)).json).toEqual({ id, outcome: 'replayed', event_id: uuid(1) })
    expect((await run(...fix)).json).toEqual({ id, outcome: 'was-replayed', event_id: uuid(1) })
    expect(await enrichedAs(uuid(1))).toMatchObject([
      { is_purchase: true, time_ms: NOON, part: 0, received_ms: expect.any(Number) },
    ])
    expect(await counts()).toMatchObject({ enriched: 1, rejected: 0 })
  })

  it('what is put right counts as late, since its minute may be over', async () => {
    const [of] = await enrichedAs(uuid(1))
    expect(of?.received_ms).toBeGreaterThan(NOON + 60_000)
  })

  it('bytes of another producer are put right under the id that their place stands for', async () => {
    await kafka.sendForeign('no JSON at all', NOON)
    const id = await idOf('invalid-event')
    expect((await run('quality', 'show', id)).json).toMatchObject({
      ...{ raw: 'no JSON at all', stage: 'door', event_id: null },
    })
    expect((await run('quality', 'replay', id)).errors).toMatch(/give the whole event with --file/)
    const file = join(folder, 'fixed.json')
    writeFileSync(file, JSON.stringify({ ...PURCHASE, product_id: 'gems' }))
    const { json } = await run('quality', 'replay', id, '--file', file)
    expect(json).toMatchObject({ id, outcome: 'replayed' })
    expect(json['event_id']).toMatch(/^[0-9a-f-]{14}5/)
    expect(await enrichedAs(String(json['event_id']))).toHaveLength(1)
  })

  it('a conflict stays one until its id is another', async () => {
    await kafka.send(direct(2, { ...PURCHASE, product_id: 'gems' }, 1))
    await kafka.send(direct(2, { ...PURCHASE, product_id: 'gems', amount_micros: 1 }, 2))
    const id = await idOf('event-id-conflict')
    expect((await run('quality', 'replay', id)).errors).toMatch(/again: event-id-conflict/)
    const { json } = await run('quality', 'replay', id, '--set', `event_id=${uuid(3)}`)
    expect(json).toEqual({ id, outcome: 'replayed', event_id: uuid(3) })
    expect(await enrichedAs(uuid(3))).toMatchObject([{ amount_micros: 1 }])
    expect(await enrichedAs(uuid(2))).toMatchObject([{ amount_micros: 4_990_000 }])
  })

  it('what the door refused takes its id, which is told of whoever comes with it later', async () => {
    await log.games({
      ...{ type: 'purchase', player: 'ana', eventId: uuid(4) },
      ...{ refused: { reason: 'schema', path: '/amount_micros' } },
      fields: { ...PURCHASE, app_id: 'game', product_id: 'gems', amount_micros: -1 },
    })
    const id = await idOf('schema')
    const { json } = await run('quality', 'replay', id, '--set', 'amount_micros=3000000')
    expect(json).toEqual({ id, outcome: 'replayed', event_id: uuid(4) })
    const [of] = await enrichedAs(uuid(4))
    expect(of).toMatchObject({ amount_micros: 3_000_000 })
    const before = await counts()
    await kafka.send(direct(4, { ...PURCHASE, product_id: 'gems', amount_micros: 3_000_000 }, 9))
    expect(await enrichedAs(uuid(4))).toHaveLength(1)
    expect(await counts()).toEqual({ ...before, conflicts: Number(before['conflicts']) + 1 })
  })
})
