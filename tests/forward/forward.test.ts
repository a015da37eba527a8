import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createLeases,
  createStage,
  type Stage,
} from '../../packages/server/src/analytics/analytics.ts'
import {
  BACKLOG_ALARM_MS,
  backlogOf,
  createFirehose,
  createForwardConsumer,
  createMock,
  FIREHOSE_LIMITS,
  recordOf,
  type Sink,
  SinkFailure,
} from '../../packages/server/src/forward/forward.ts'
import { type LogPage, type LogRecord, newestOffset } from '../../packages/server/src/log/log.ts'
import { createWholeLog } from '../../packages/server/src/pipeline/whole-log.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { freshSqlite } from '../database.ts'
import { openTestAnalytics } from '../pipeline/consumers.ts'
import { type GameLog, NOON, openGameLog } from '../pipeline/game-log.ts'
import { runNode } from '../run-node.ts'
import { type FakeFirehose, startFakeFirehose } from './fake-firehose.ts'

process.env['AWS_ACCESS_KEY_ID'] = 'test'
process.env['AWS_SECRET_ACCESS_KEY'] = 'test'

const random = { bytes: (count: number) => randomBytes(count) }
const ids = (lines: readonly string[]) =>
  lines.map((line) => Number.parseInt(JSON.parse(line).event_id.slice(-12), 16))

describe('events on their way to Firehose, through the SDK of AWS', () => {
  let log: GameLog
  let analytics: Store
  let firehose: FakeFirehose
  let sink: Sink
  let pauses: number[]

  beforeEach(async () => {
    log = await openGameLog({ fresh: freshSqlite })
    analytics = await openTestAnalytics(log.analyticsFile)
    firehose = await startFakeFirehose()
    pauses = []
    const region = 'eu-central-1'
    sink = await createFirehose({ stream: 's', region, endpoint: firehose.url, timeoutMs: 2_000 })
  })
  afterEach(async () => {
    sink.close()
    await firehose.close()
    await analytics.close()
    await log.close()
  })

  /** A process of its own, as far as its memory goes. */
  function stage(onBacklog: (receivedAt: number | null) => void = () => undefined): Stage {
    const consumer = createForwardConsumer({
      nextPage: createWholeLog(log.store.read).nextPage,
      newest: () => newestOffset(log.store.read),
      ...{ sink, random, onBacklog, signal: new AbortController().signal },
      pause: async (ms) => pauses.push(ms),
    })
    return createStage({ store: analytics, leases: createLeases(log.analyticsFile) }, consumer, {
      events: 1_000,
    })
  }
  const drain = async (of: Stage): Promise<void> => {
    while ((await of.step()) > 0);
  }
  const events = (count: number, fields: Readonly<Record<string, unknown>> = {}) =>
    log.games(...Array.from({ length: count }, () => ({ type: 'purchase', player: 'ana', fields })))

  it('are rows of the table: flat, one to a line, and only those of games', async () => {
    await log.plain({ type: 'purchase', player: 'ana' })
    const fields = {
      platform: 'ios',
      product_id: 'gems',
      quantity: 2,
      amount_micros: 990_000,
      currency: 'EUR',
    }
    await log.games({ type: 'purchase', player: 'ana', receivedAt: NOON + 5, fields })
    await drain(stage())
    const [line = ''] = firehose.taken
    expect(firehose.taken).toHaveLength(1)
    expect(line.endsWith('}\n')).toBe(true)
    const { event_id, raw_payload, ...row } = JSON.parse(line)
    expect(row).toEqual({
      ...{ event_type: 'purchase', occurred_at: '2026-03-01T12:00:00.000Z' },
      ...{ received_at: '2026-03-01T12:00:00.005Z', corrected_at: '2026-03-01T12:00:00.000Z' },
      ...{ player_id: 'ana', app_id: 'game', sdk: 'questline-js/1.0.0', ...fields },
      ...{ log_lane: 'log', log_position: 2 },
    })
    expect(raw_payload).toMatchObject({ event_id, ...fields })
  })

  it('keep the limits of a request, and their order', async () => {
    // Megabytes take their time on a busy machine, and nothing here is about silence.
    sink.close()
    const patient = { stream: 's', region: 'eu-central-1', timeoutMs: 20_000 }
    sink = await createFirehose({ ...patient, endpoint: firehose.url })
    await events(1_203)
    await events(40, { note: 'x'.repeat(300_000) })
    await drain(stage())
    expect(firehose.violations).toEqual([])
    expect(firehose.requests.slice(0, 2).map(({ length }) => length)).toEqual([500, 500])
    const sent = ids(firehose.taken)
    expect(sent).toEqual(sent.toSorted((a, b) => a - b))
    expect(sent).toHaveLength(1_243)
  })

  it('are sent again alone and in order when the service has not taken them', async () => {
    await events(6)
    firehose.fates.push({ failed: [1, 4, 5] }, { failed: [1] })
    await drain(stage())
    const [all, again, last] = firehose.requests
    expect(again).toEqual([all?.[1], all?.[4], all?.[5]])
    expect(last).toEqual([all?.[4]])
    expect(firehose.taken).toHaveLength(6)
    expect(pauses).toHaveLength(2)
  })

  it('are sent again after silence, a cut connection, a full or a broken service', async () => {
    await events(3)
    firehose.fates.push('silent', 'cut', 'throttled', 'broken')
    await drain(stage())
    expect(firehose.requests).toHaveLength(5)
    // Twice in silence, once acknowledged.
    expect(firehose.taken).toHaveLength(9)
    expect(new Set(firehose.taken)).toHaveProperty('size', 3)
    expect(pauses).toHaveLength(4)
  })

  it('stay where they are when the service refuses for good, and go on when it is put right', async () => {
    await events(700)
    firehose.fates.push('taken', 'no-such-stream')
    const forward = stage()
    await expect(forward.step()).rejects.toThrow('ResourceNotFound')
    expect(await forward.checkpoint()).toBe(0)
    await drain(forward)
    expect(await forward.checkpoint()).toBe(700)
    // What was acknowledged before the failure was not sent again.
    expect(firehose.taken).toHaveLength(700)
  })

  it('are sent again by the next process from the checkpoint on, none is missing', async () => {
    await events(600)
    firehose.fates.push('taken', ...Array.from({ length: 6 }, () => 'broken' as const))
    await expect(stage().step()).rejects.toThrow(SinkFailure)
    await drain(stage())
    expect(new Set(firehose.taken).size).toBe(600)
  })

  it('tell how old the oldest is that was not acknowledged', async () => {
    const told: (number | null)[] = []
    await log.games({ type: 'session_start', player: 'ana', receivedAt: NOON + 7 })
    firehose.fates.push('no-such-stream')
    const forward = stage((receivedAt) => told.push(receivedAt))
    await expect(forward.step()).rejects.toThrow()
    expect(told).toEqual([NOON + 7])
    await drain(forward)
    expect(told.at(-1)).toBe(null)
  })

  it('are printed and go nowhere with the mock', async () => {
    await events(2)
    const printed: string[] = []
    sink.close()
    sink = createMock('game-events', (text) => printed.push(text))
    await drain(stage())
    expect(firehose.requests).toEqual([])
    expect(printed).toHaveLength(1)
    expect(printed[0]).toMatch(
      /^\[MOCK FIREHOSE\] PutRecordBatch game-events: 2 records, \d+ bytes\n\{/,
    )
  })
})

describe('a backlog', () => {
  it('is an alarm at six hours, a quarter of the time after which data is lost', () => {
    expect(BACKLOG_ALARM_MS).toBe(6 * 3_600_000)
    expect(backlogOf(0, BACKLOG_ALARM_MS - 1)).toMatchObject({ isAlarm: false })
    expect(backlogOf(0, BACKLOG_ALARM_MS)).toEqual({ ageMs: BACKLOG_ALARM_MS, isAlarm: true })
    expect(backlogOf(null, 1e15)).toEqual({ ageMs: 0, isAlarm: false })
  })
})

const aRecord = (offset: number, event: unknown = {}): LogRecord => ({
  ...{ offset, kind: 'game', app: 'game', eventId: `id-${offset}`, eventType: 'purchase' },
  ...{ playerId: 'ana', occurredAt: NOON, sentAt: null, receivedAt: NOON, correctedAt: NOON },
  ...{ flags: [], sdk: null, source: 'http', event },
})

describe('a record', () => {
  it('that would be larger than the service takes goes without its raw payload', () => {
    const large = aRecord(1, { product_id: 'gems', note: 'x'.repeat(1_100_000) })
    const record = recordOf({ lane: 'log', position: 1 }, large)
    expect(JSON.parse(String(record?.bytes))).toMatchObject({
      product_id: 'gems',
      raw_payload: null,
    })
  })
})

describe('any service', () => {
  /** What it does with each request: how many of its records it takes, from either end, and what it says. */
  const fates = fc.array(
    fc.record({
      takes: fc.double({ min: 0, max: 1, noNaN: true }),
      says: fc.constantFrom('true', 'nothing'),
    }),
    { maxLength: 30 },
  )
  it('gets every event at least once, and the checkpoint never passes one that it has not taken', async () => {
    const property = fc.asyncProperty(fc.nat(1_300), fates, async (count, plan) => {
      const taken = new Set<number>()
      let requests = 0
      const sink: Sink = {
        limits: FIREHOSE_LIMITS,
        position: async () => null,
        settle: async () => undefined,
        async put(_lane, records) {
          const { takes, says } = plan[requests++] ?? { takes: 1, says: 'true' }
          const failed = records.flatMap(({ position }, index) => {
            if ((index * 7919) % 100 < takes * 100) taken.add(position)
            else return [index]
            return []
          })
          if (says === 'nothing') throw new SinkFailure('no answer', true)
          return failed
        },
        close: () => undefined,
      }
      const nextPage = async (after: number, events: number): Promise<LogPage | null> => {
        const last = Math.min(count, after + events)
        if (after >= count) return null
        const records = Array.from({ length: last - after }, (_, i) => aRecord(after + 1 + i))
        return { first: after + 1, last, records }
      }
      const make = () =>
        createForwardConsumer({
          ...{ nextPage, sink, random, signal: new AbortController().signal },
          newest: async () => count,
          ...{ onBacklog: () => undefined, pause: async () => undefined },
        })
      let consumer = make()
      for (let at = 0; at < count; ) {
        const batch = await consumer.next(at, 400).catch(() => null)
        // A failure may be the end of the process as well.
        if (batch === null) {
          consumer = make()
          continue
        }
        for (let offset = at + 1; offset <= batch.last; offset += 1) {
          if (!taken.has(offset)) throw new Error(`${offset} is missing`)
        }
        at = batch.last
        consumer.committed?.()
      }
    })
    await fc.assert(property, { numRuns: 60 })
  })
})

describe('a server that forwards nothing', () => {
  it('does not load the SDK of AWS', async () => {
    const root = join(import.meta.dirname, '../..')
    const load = async (code: string) => {
      const tell = join(root, 'tests/report-runs/tell-modules.ts')
      const { errors } = await runNode(['--import', tell, '--input-type=module', '-e', code], root)
      return errors.includes('aws-sdk')
    }
    const front = "await import('./packages/server/src/forward-worker.ts')"
    expect(await load(front)).toBe(false)
    const on =
      "const { createFirehose } = await import('./packages/server/src/forward/forward.ts'); await createFirehose({ stream: 's', region: 'r', timeoutMs: 1 })"
    expect(await load(on)).toBe(true)
  })
})
