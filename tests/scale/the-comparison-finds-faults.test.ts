// The conformance compares two columns; a comparison that finds nothing wrong in a wrong column proves
// nothing. Each fault is planted alone, where it would happen.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { NewRecord } from '../../packages/server/src/kafka/kafka.ts'
import type { StreamRecord } from '../../packages/server/src/lake/lake.ts'
import type { EnrichedEvent } from '../../packages/server/src/quality/quality.ts'
import { openTestLake, type TestLake } from '../lake/open-test-lake.ts'
import { type GameEventParts, NOON } from '../pipeline/game-log.ts'
import { FACT_KEYS } from './columns.ts'
import { differences, type Row } from './compare-rows.ts'
import { inOrderOfArrival } from './embedded-column.ts'
import { embeddedRows } from './embedded-windows.ts'
import { enrichedGame, GRACE_MS } from './enriched-game.ts'
import { lakeOverKafka, type PlantedFault } from './lake-over-kafka.ts'
import { LAKE_TABLES, type LakeTable } from './lake-tables.ts'
import type { Sent } from './recorded-game.ts'

const MINUTE = 60_000

describe('of two requests with one event in one millisecond', () => {
  const receipts = new Map([['e', { offset: 1, receivedAt: 10 }]])
  const request = (path: string, status: string | null): Sent => ({
    ...{ path, headers: {}, body: '', eventIds: ['e'], from: 8, to: 12 },
    verdicts: status === null ? null : [{ event_id: 'e', status }],
  })
  const order = (...sent: readonly Sent[]) =>
    inOrderOfArrival(sent, receipts).map((each) => each.sent.path)

  it.each([
    ['duplicate', 'accepted'],
    ['retry', 'accepted'],
    [null, 'accepted'],
    ['duplicate', null],
  ])('where one was told %s and the other %s, the other came first', (one, other) => {
    expect(order(request('/one', one), request('/other', other))).toEqual(['/other', '/one'])
    expect(order(request('/other', other), request('/one', one))).toEqual(['/other', '/one'])
  })
})

describe('two tables', () => {
  const rows: readonly Row[] = [
    { id: 'a', value: 1n, at: new Date(0), of: ['x', null] },
    { id: 'b', value: 2n, at: new Date(1), of: [] },
  ]
  const [a = {}, b = {}] = rows
  const found = (ours: readonly Row[]) => differences(ours, rows, ['id'])

  it('are the same in any order, whatever kind of number holds a value', () => {
    const same = { of: ['x', null], at: '1970-01-01T00:00:00.000Z', value: 1, id: 'a' }
    expect(found([b, same])).toEqual([])
  })

  it('differ in a row that is missing, that is too many, that is doubled, that is changed', () => {
    expect(found([a])).toEqual(['b: is missing'])
    expect(found([a, b, { id: 'c' }])).toEqual(['c: is too many'])
    expect(found([a, b, b])).toEqual(['b: stands 2 times, not 1'])
    expect(found([a, { ...b, value: 3n }])).toEqual(['b: is changed: value is 3, not 2'])
    expect(found([a, { ...b, of: null }])).toEqual(['b: is changed: of is , not []'])
  })

  it('differ in so many rows that not all are shown', () => {
    const many = Array.from({ length: 25 }, (_, id) => ({ id }))
    expect(differences([], many, ['id'])).toHaveLength(21)
    expect(differences([], many, ['id']).at(-1)).toBe('and 5 more')
  })
})

describe('minutes', () => {
  const { events } = enrichedGame(1_500)
  /** Those that come so long after the end of their minute, or later. */
  const lateAfter = (graceMs: number) => (event: EnrichedEvent) =>
    event.received_at >= Math.floor(event.corrected_at / MINUTE) * MINUTE + MINUTE + graceMs
  const isLate = lateAfter(GRACE_MS)
  const inTime = events.filter((event) => !isLate(event))
  let expected: readonly Row[]
  beforeAll(async () => {
    expected = await embeddedRows(inTime)
  })
  const found = async (of: readonly EnrichedEvent[]) =>
    differences(await embeddedRows(of), expected, FACT_KEYS)

  it('are the same of the same events', async () => {
    expect(await found(inTime)).toEqual([])
  })

  it('differ when the late rule is off by a minute, and so does the late set', async () => {
    const isOff = lateAfter(GRACE_MS + MINUTE)
    expect(await found(events.filter((event) => !isOff(event)))).not.toEqual([])
    const ids = (of: (event: EnrichedEvent) => boolean) =>
      events.filter(of).map(({ event_id }) => ({ event_id }))
    expect(differences(ids(isLate), ids(isLate), ['event_id'])).toEqual([])
    expect(differences(ids(isOff), ids(isLate), ['event_id']).join()).toContain('is missing')
  })

  it('differ when one country is taken for another', async () => {
    const moved = (code: string): string => (code === 'PT' ? 'ES' : code)
    const lines = await found(
      inTime.map((event) => ({
        ...event,
        country_code: moved(event.country_code),
        players: event.players.map((each) => ({ ...each, country_code: moved(each.country_code) })),
      })),
    )
    expect(lines.join('\n')).toMatch(/ ES .*: is too many/)
  })

  it('differ when an event counts twice', async () => {
    const [last] = inTime.slice(-1)
    const again = last ? [{ ...last, offset: last.offset + 1 }] : []
    expect((await found([...inTime, ...again])).join()).toContain('is changed: value is')
  })
})

describe('a lake that follows Kafka', () => {
  let lake: TestLake
  beforeAll(async () => {
    lake = await openTestLake()
    await lake.log.games(...EVENTS)
    await lake.log.plain({ type: 'earn', player: 'p0', payload: { amount: 1 } })
    await lake.bring()
  })
  afterAll(() => lake.close())

  const found = async (name: LakeTable['name'], fault: PlantedFault) => {
    const table = LAKE_TABLES.find((each) => each.name === name) ?? LAKE_TABLES[0]
    if (table === undefined) throw new Error('there are tables')
    const theirs = await lake.rows(table.sql)
    return differences(await lakeOverKafka(lake.log.store, table, fault), theirs, table.keys)
  }

  it.each(LAKE_TABLES)('is the same in $name where nothing goes wrong', async ({ name }) => {
    expect(await found(name, {})).toEqual([])
  })

  it('differs when the relay drops a record', async () => {
    const relayed = (records: readonly NewRecord[]) =>
      records.filter(({ value }) => !String(value).includes('"level":7'))
    expect(await found('events_enriched', { relayed })).toEqual([
      expect.stringMatching(/: is missing$/),
    ])
  })

  it('differs when what a writer writes again after its restart is not known for a copy', async () => {
    const read = (records: readonly StreamRecord[]) =>
      records.flatMap((record) =>
        record.is === 'event' && record.row[1]?.includes('"level":7')
          ? [record, { ...record, from: null }]
          : [record],
      )
    expect(await found('events_enriched', { read })).toEqual([
      expect.stringMatching(/: stands 2 times, not 1$/),
    ])
  })

  it('differs when a file skips an offset', async () => {
    const read = (records: readonly StreamRecord[]) =>
      records.filter((record) => record.is !== 'event' || !record.row[0].includes('"reason"'))
    expect(await found('events_rejected', { read })).toEqual([
      expect.stringMatching(/: is missing$/),
    ])
  })

  it('differs when the other side of a match is put in another country', async () => {
    const read = (records: readonly StreamRecord[]) =>
      records.map((record) =>
        record.is === 'event' && record.part === 1
          ? { ...record, row: [record.row[0].replaceAll('"DE"', '"AT"'), record.row[1]] as const }
          : record,
      )
    const lines = await found('further_users', { read })
    expect(lines.join()).toContain('country_code is AT, not DE')
  })
})

const EVENTS: readonly GameEventParts[] = [
  ...['p0', 'p1'].map((player, index) => ({
    ...{ type: 'init', player, at: NOON - MINUTE },
    fields: { country: ['PT', 'DE'][index], platform: 'ios' },
  })),
  ...Array.from({ length: 12 }, (_, level) => ({
    ...{ type: 'level_up', player: `p${level % 2}`, at: NOON + level * MINUTE, fields: { level } },
  })),
  { type: 'match', player: 'p0', at: NOON, fields: { 'user-a': 'p0', 'user-b': 'p1' } },
  // Without a price: quality refuses it.
  { type: 'purchase', player: 'p1', at: NOON, fields: { product_id: 'gems' } },
]
