import { generateKeyPairSync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createLeases,
  createStage,
  type Stage,
} from '../../packages/server/src/analytics/analytics.ts'
import {
  createForwardConsumer,
  createSnowflake,
  type Sink,
  type SinkRecord,
} from '../../packages/server/src/forward/forward.ts'
import { newestOffset } from '../../packages/server/src/log/log.ts'
import { createWholeLog } from '../../packages/server/src/pipeline/whole-log.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { freshSqlite } from '../database.ts'
import { openTestAnalytics } from '../pipeline/consumers.ts'
import { type GameLog, openGameLog } from '../pipeline/game-log.ts'
import { type FakeSnowflake, type Fate, type Kind, startFakeSnowflake } from './fake-snowflake.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const ACCOUNT = 'MYORG-GAMES'
const random = { bytes: (count: number) => randomBytes(count) }

describe('events on their way into Snowflake, through the REST of Snowpipe Streaming', () => {
  let log: GameLog
  let analytics: Store
  let snowflake: FakeSnowflake
  let pauses: number[]
  let now: number

  beforeEach(async () => {
    log = await openGameLog({ fresh: freshSqlite })
    analytics = await openTestAnalytics(log.analyticsFile)
    now = Date.UTC(2026, 2, 1)
    const settings = { publicKey, account: ACCOUNT, user: 'QUESTLINE', now: () => now }
    snowflake = await startFakeSnowflake(settings)
    pauses = []
  })
  afterEach(async () => {
    await snowflake.close()
    await analytics.close()
    await log.close()
  })

  type Changes = {
    readonly privateKey?: typeof privateKey
    readonly channel?: string
    readonly timeoutMs?: number
  }
  const aSink = (changes: Changes = {}): Sink =>
    createSnowflake(
      {
        login: { account: 'myorg-games', user: 'questline', privateKey, ...changes },
        now: () => now,
      },
      {
        ...{ accountUrl: snowflake.url, timeoutMs: 10_000, database: 'GAMES', schema: 'PUBLIC' },
        ...{ pipe: 'GAME_EVENTS-STREAMING', channel: 'questline', ...changes },
        commit: { lookMs: 1, mostMs: 20 },
      },
    )

  /** A process of its own, as far as its memory goes. */
  function stage(
    changes: Changes & { readonly events?: number; readonly store?: Store } = {},
  ): Stage {
    const { events = 1_000, store = analytics } = changes
    const consumer = createForwardConsumer({
      nextPage: createWholeLog(log.store.read).nextPage,
      newest: () => newestOffset(log.store.read),
      ...{ sink: aSink(changes), random, onBacklog: () => undefined },
      signal: new AbortController().signal,
      pause: async (ms) => pauses.push(ms),
    })
    return createStage({ store, leases: createLeases(log.analyticsFile) }, consumer, { events })
  }
  const drain = async (of: Stage): Promise<void> => {
    while ((await of.step()) > 0);
  }
  const events = (count: number, fields: Readonly<Record<string, unknown>> = {}) =>
    log.games(...Array.from({ length: count }, () => ({ type: 'purchase', player: 'ana', fields })))
  const positions = () => snowflake.table.map((row) => Number(row['log_position']))
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
  const count = (kind: Kind) => snowflake.calls.filter((call) => call.kind === kind).length

  it('are rows in the order of the log, under a token that is the offset', async () => {
    await events(5, { amount_micros: 990_000 })
    const forward = stage()
    await drain(forward)
    expect(positions()).toEqual(upTo(5))
    expect(snowflake.table[0]).toMatchObject({ app_id: 'game', amount_micros: 990_000 })
    expect(snowflake.channels.get('questline-log')?.committed).toBe('5')
    expect(await forward.checkpoint()).toBe(5)
    expect(snowflake.violations).toEqual([])
  })

  it('keep the size of a request, and are committed once for all requests of a step', async () => {
    await events(30, { note: 'é'.repeat(200_000) })
    await drain(stage())
    expect(snowflake.violations).toEqual([])
    expect(positions()).toEqual(upTo(30))
    expect(count('rows')).toBe(4)
    expect(count('status')).toBe(1)
  })

  it('pass the checkpoint only when they are committed', async () => {
    await events(3)
    snowflake.set({ looksToCommit: 4 })
    let inTable = -1
    const store: Store = {
      ...analytics,
      async transaction(work) {
        inTable = snowflake.table.length
        return analytics.transaction(work)
      },
    }
    await stage({ store }).step()
    expect(inTable).toBe(3)
    expect(count('status')).toBe(4)
  })

  it('are there once when the answer is lost after they were taken', async () => {
    for (let commit = 0; commit < 3; commit += 1) await events(300)
    // Of the first step, of its second attempt, and of the second step.
    snowflake.fates.rows.push('done-and-cut', 'well', 'done-and-cut')
    await drain(stage({ events: 300 }))
    expect(positions()).toEqual(upTo(900))
    expect(count('open')).toBe(3)
  })

  it('are there once when the answer is lost and they are committed before anybody asks', async () => {
    await events(10)
    snowflake.fates.rows.push('done-and-cut')
    const forward = stage()
    const opening = snowflake.fates.open
    // By the time of the second opening the first request's rows are in the table.
    opening.push('well', 'cut')
    const { commit } = snowflake
    const watch = setInterval(() => {
      if (count('rows') > 0) commit()
    }, 0)
    await drain(forward)
    clearInterval(watch)
    expect(positions()).toEqual(upTo(10))
  })

  it('are there once after silence, cuts, throttling and a broken service, at any call', async () => {
    for (let commit = 0; commit < 4; commit += 1) await events(100)
    const fates: readonly Fate[] = ['silent', 'cut', 'throttled', 'broken', 'unavailable']
    for (const kind of ['hostname', 'token', 'open', 'rows', 'status'] as const) {
      snowflake.fates[kind].push(...fates)
    }
    const forward = stage({ events: 100, timeoutMs: 500 })
    for (let attempt = 0; attempt < 60 && (await forward.checkpoint()) < 400; attempt += 1) {
      await forward.step().catch(() => undefined)
    }
    expect(positions()).toEqual(upTo(400))
  }, 30_000)

  it('wait as long as the service asks when it is throttled, and keep their channel', async () => {
    await events(3)
    snowflake.set({ retryAfter: '7' })
    snowflake.fates.rows.push('throttled')
    await drain(stage())
    expect(pauses).toHaveLength(1)
    expect(pauses[0]).toBeGreaterThanOrEqual(7_000)
    expect(count('open')).toBe(1)
    expect(positions()).toEqual(upTo(3))
  })

  it('wait as long as the service asks when it is not available', async () => {
    await events(3)
    snowflake.set({ retryAfter: '9' })
    snowflake.fates.rows.push('unavailable')
    await drain(stage())
    expect(pauses[0]).toBeGreaterThanOrEqual(9_000)
    expect(positions()).toEqual(upTo(3))
  })

  it('go on with a new token when one has ended', async () => {
    await events(3)
    const forward = stage()
    await drain(forward)
    await events(3)
    snowflake.fates.rows.push('expired')
    await drain(forward)
    expect(positions()).toEqual(upTo(6))
    expect(count('token')).toBe(2)
    now += 3_600_000
    await events(1)
    await drain(forward)
    expect(count('token')).toBe(3)
  })

  it('stay where they are with a wrong key, which is told at once, and go on with the right one', async () => {
    await events(3)
    const forward = stage({ privateKey: stranger.privateKey })
    await expect(forward.step()).rejects.toThrow('JWT_TOKEN_INVALID_SIGNATURE')
    expect(pauses).toEqual([])
    expect(await forward.checkpoint()).toBe(0)
    await drain(stage())
    expect(positions()).toEqual(upTo(3))
  })

  it('stay where they are without the pipe, and go on when there is one', async () => {
    await events(3)
    snowflake.fates.open.push('no-pipe')
    const forward = stage()
    await expect(forward.step()).rejects.toThrow('ERR_PIPE_DOES_NOT_EXIST')
    await drain(forward)
    expect(positions()).toEqual(upTo(3))
  })

  it('are put again when the channel is taken away before they are committed', async () => {
    await events(40, { note: 'x'.repeat(300_000) })
    // The third of four requests; the first two are taken and not committed.
    snowflake.fates.rows.push('well', 'well', 'invalidated')
    await drain(stage())
    expect(positions()).toEqual(upTo(40))
    expect(count('open')).toBe(2)
  })

  it('are put again when the channel says later that it must be opened again', async () => {
    await events(4)
    snowflake.fates.status.push('broken')
    const forward = stage()
    snowflake.set({ looksToCommit: 1_000_000 })
    const step = forward.step()
    await expect.poll(() => count('rows')).toBeGreaterThan(0)
    snowflake.invalidate('ERR_CHANNEL_MUST_BE_REOPENED_DUE_TO_ROW_SEQ_GAP')
    snowflake.set({ looksToCommit: 1 })
    await step
    expect(positions()).toEqual(upTo(4))
    expect(count('open')).toBeGreaterThan(1)
  })

  it('go on after what is there when a process dies between the commit and its checkpoint', async () => {
    for (let commit = 0; commit < 7; commit += 1) await events(100)
    let dies = true
    const store: Store = {
      ...analytics,
      async transaction(work) {
        if (dies && snowflake.table.length > 0) throw new Error('killed')
        return analytics.transaction(work)
      },
    }
    await expect(stage({ store, events: 300 }).step()).rejects.toThrow('killed')
    expect(snowflake.table).toHaveLength(300)
    dies = false
    await drain(stage({ events: 450 }))
    expect(positions()).toEqual(upTo(700))
  })

  it('are there once when all that was computed is gone and is begun again', async () => {
    await events(50)
    await drain(stage())
    const again = createForwardConsumer({
      nextPage: createWholeLog(log.store.read).nextPage,
      newest: () => newestOffset(log.store.read),
      ...{ sink: aSink(), random, onBacklog: () => undefined },
      signal: new AbortController().signal,
    })
    expect(await again.next(0, 1_000)).toEqual({ first: 1, last: 50 })
    snowflake.commit()
    expect(positions()).toEqual(upTo(50))
  })

  it('are there once when two processes send at the same time', async () => {
    for (let commit = 0; commit < 30; commit += 1) await events(20)
    const two = [stage({ events: 50 }), stage({ events: 70 })]
    const work = async (of: Stage): Promise<void> => {
      for (let at = 0; at < 600; at = await of.checkpoint()) {
        await of.step().catch(() => undefined)
      }
    }
    await Promise.all(two.map(work))
    expect(positions()).toEqual(upTo(600))
  }, 30_000)

  it('are not taken for those of another log: what is newer there than here is a fault', async () => {
    await events(9)
    await drain(stage())
    const older = aSink()
    const record: SinkRecord = { position: 4, bytes: Buffer.from('{"event_id":"other"}\n') }
    const page = { first: 4, last: 4, records: [] }
    expect(await older.position('log', new AbortController().signal)).toBe(9)
    const consumer = createForwardConsumer({
      nextPage: async () => ({
        ...page,
        records: [
          {
            ...{ offset: 4, kind: 'game', app: 'game', eventId: 'e', eventType: 'purchase' },
            ...{ playerId: null, occurredAt: now, sentAt: null, receivedAt: now, correctedAt: now },
            ...{ flags: [], sdk: null, source: 'http', event: {} },
          },
        ],
      }),
      newest: async () => record.position,
      ...{ sink: older, random, onBacklog: () => undefined },
      signal: new AbortController().signal,
    })
    await expect(consumer.next(3, 10)).rejects.toThrow('log ends at 4, and 9 was sent already')
    expect(snowflake.table).toHaveLength(9)
  })

  it('that find no place in the table are told of once, and the others go on', async () => {
    await events(4)
    snowflake.fates.rows.push('misfit')
    const forward = stage()
    await expect(forward.step()).rejects.toThrow(
      '2 rows of questline-log found no place in the table: a column has another type',
    )
    await events(2)
    await drain(forward)
    expect(positions()).toEqual([1, 3, 5, 6])
  })

  const fates = fc.array(
    fc.constantFrom<Fate>(
      'well',
      'done-and-cut',
      'cut',
      'throttled',
      'broken',
      'invalidated',
      'expired',
    ),
    { maxLength: 12 },
  )
  it('are there once, in their order, whatever the service does and whenever processes die', async () => {
    const plan = fc.record({
      ...{ rows: fates, open: fates, status: fates, deaths: fc.array(fc.nat(3), { maxLength: 6 }) },
      looks: fc.integer({ min: 1, max: 3 }),
      size: fc.integer({ min: 1, max: 40 }),
    })
    let channel = 0
    const property = fc.asyncProperty(plan, async ({ rows, open, status, deaths, looks, size }) => {
      channel += 1
      const before = snowflake.table.length
      const settings = { channel: `run-${channel}` }
      snowflake.set({ looksToCommit: looks })
      const { fates: coming } = snowflake
      coming.rows.splice(0, coming.rows.length, ...rows)
      coming.open.splice(0, coming.open.length, ...open)
      coming.status.splice(0, coming.status.length, ...status)
      const records = (from: number): SinkRecord[] =>
        Array.from({ length: size }, (_, index) => ({
          position: from + index + 1,
          bytes: Buffer.from(`{"event_id":"e","log_position":${from + index + 1}}\n`),
        }))
      const { signal } = new AbortController()
      let sink = aSink(settings)
      const dying = [...deaths]
      for (let at = 0; at < 5 * size; ) {
        const dies = dying.shift()
        try {
          if (dies === 0) throw new Error('killed before')
          await sink.put('log', records(at), signal)
          if (dies === 1) throw new Error('killed after it was sent')
          await sink.settle('log', signal)
          if (dies === 2) throw new Error('killed before the checkpoint')
          at += size
        } catch (error) {
          // A failure may be the end of the process as well.
          if (dies !== undefined || (error instanceof Error && error.message.length % 2 === 0)) {
            sink = aSink(settings)
          }
        }
      }
      expect(positions().slice(before)).toEqual(upTo(5 * size))
    })
    await fc.assert(property, { numRuns: 25 })
  }, 60_000)
})
