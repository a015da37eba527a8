import { afterAll, beforeAll, expect, it } from 'vitest'
import type { KafkaRecord } from '../../packages/server/src/kafka/kafka.ts'
import {
  createWindowTraces,
  expectedInWindows,
} from '../../packages/server/src/pipeline/window-traces.ts'
import type { Step } from '../../packages/server/src/quality-kafka/quality-kafka.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import type { BatchSpan } from '../../packages/server/src/tracing/tracing.ts'
import { type FreshDatabase, freshPostgres } from '../database.ts'
import { openTestAnalytics } from '../pipeline/consumers.ts'
import { NOON } from '../pipeline/game-log.ts'
import { type SinkOfFlink, sinkOfFlink } from '../pipeline/writers-of-minutes.ts'

const MINUTE = 60_000

let place: FreshDatabase
let analytics: Store
let sink: SinkOfFlink
beforeAll(async () => {
  place = await freshPostgres()
  analytics = await openTestAnalytics(place.url)
  sink = await sinkOfFlink(place.url)
})
afterAll(async () => {
  await sink.end()
  await analytics.close()
  await place.drop()
})

const flinkWrites = (minute: number) => sink.write([{ start: NOON + minute * MINUTE, value: 1 }])
const traceOf = (name: string) => `00-${name.padStart(32, '0')}-${'b'.repeat(16)}-01`

/** A part on `events-by-player`, of an event in a minute. */
const part = (trace: string | null, minute: number, changes = {}): KafkaRecord => ({
  ...{ topic: 'events-by-player', partition: 0, offset: 0, key: '', timestamp: 0 },
  headers: new Map(trace === null ? [] : [['traceparent', traceOf(trace)]]),
  value: Buffer.from(
    JSON.stringify({
      ...{ is: 'event', part: 0, stored: { corrected_at: NOON + minute * MINUTE + 7 } },
      ...changes,
    }),
  ),
})

/** An enrich step on a clock that is moved by hand. */
function tracedEnrich() {
  const spans: BatchSpan[] = []
  let at = 1_000
  const traces = createWindowTraces({
    tracing: { batch: (span) => void spans.push(span) },
    ...{ read: analytics.read, now: () => at },
  })
  const step: Step = {
    begin: async () => new Map(),
    take: async () => undefined,
    forget: () => undefined,
  }
  const enrich = expectedInWindows(step, traces)
  return {
    take: (...records: readonly KafkaRecord[]) =>
      enrich.take([{ partition: 0, from: 0, next: 1, records }]),
    async lookAfter(ms: number) {
      at += ms
      await traces.look()
      return spans.splice(0).map(({ name, traceparents, from, to, attributes }) => ({
        ...{ name, traceparents: [...traceparents], from, to, attributes },
      }))
    },
  }
}

it('a traced event ends with the minute that Flink writes, and each minute for itself', async () => {
  const { take, lookAfter } = tracedEnrich()
  const others = [part(null, 0), part('c', 0, { part: 1 }), part('d', 0, { is: 'refused' })]
  await take(part('a', 0), part('a', 0), part('b', 1), ...others)
  expect(await lookAfter(500)).toEqual([])
  await take(part('e', 0))
  await flinkWrites(0)
  const attributes = { 'questline.minute': '2026-03-01T12:00:00.000Z' }
  expect(await lookAfter(500)).toEqual([
    {
      ...{ name: 'windows', traceparents: [traceOf('a'), traceOf('e')] },
      ...{ from: 1_000, to: 2_000, attributes },
    },
  ])
  await flinkWrites(1)
  const [span, ...more] = await lookAfter(500)
  expect([span?.traceparents, more]).toEqual([[traceOf('b')], []])
  expect(await lookAfter(500)).toEqual([])
})

it('one that comes late for its minute, or waits too long, ends without it', async () => {
  const { take, lookAfter } = tracedEnrich()
  await flinkWrites(2)
  await take(part('a', 2), part('b', 3))
  expect(await lookAfter(500)).toEqual([])
  expect(await lookAfter(11 * MINUTE)).toEqual([])
  await flinkWrites(2)
  await flinkWrites(3)
  expect(await lookAfter(500)).toEqual([])
})

it('a Flink that stands still costs a bounded memory', async () => {
  const { take, lookAfter } = tracedEnrich()
  const takeMany = (word: string) =>
    take(...Array.from({ length: 4_000 }, (_, n) => part(`${word}${n}`, 4)))
  for (const word of ['a', 'b', 'c']) await takeMany(word)
  await lookAfter(1)
  await takeMany('d')
  await flinkWrites(4)
  const [span] = await lookAfter(500)
  expect(span?.traceparents).toHaveLength(8_000)
})
