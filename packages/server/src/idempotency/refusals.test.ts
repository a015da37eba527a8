import { PROBLEMS } from '@questline/contracts'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anIntent, NOON } from '../../../../tests/builders.ts'
import { DATABASES, type FreshDatabase } from '../../../../tests/database.ts'
import { openTestStore } from '../../../../tests/open-store.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import type { Clock } from '../platform/platform.ts'
import { migrate, type Store } from '../store/store.ts'
import { createRefusalSweep, findRefusals, refusalFor, rememberRefusals } from './idempotency.ts'

const HOUR_MS = 3_600_000
const KEPT = { answersKeptMs: 24 * HOUR_MS }
const REFUSAL = refusalFor('insufficient-funds', 'The balance is 1, 2 are needed.', 'r-1')

/** The time as it is, and as a wall clock shows it that somebody sets. */
function aClock() {
  let passed = 0
  let error = 0
  const clock: Clock = { now: () => NOON + passed + error, monotonic: () => passed }
  return {
    ...clock,
    pass: (ms: number) => {
      passed += ms
    },
    setWrongBy: (ms: number) => {
      error = ms
    },
  }
}

it('a refusal is the problem document, with the request that it first answered', () => {
  expect(REFUSAL.status).toBe(PROBLEMS['insufficient-funds'].status)
  expect(JSON.parse(REFUSAL.body)).toMatchObject({
    code: 'insufficient-funds',
    status: 409,
    request_id: 'r-1',
    detail: 'The balance is 1, 2 are needed.',
  })
})

describe.each(DATABASES)('remembered refusals on $name', (database) => {
  let fresh: FreshDatabase
  let store: Store
  beforeAll(async () => {
    fresh = await database.fresh()
    store = openTestStore(fresh.url)
    await migrate(store, () => 0)
  })
  beforeEach(() => plainSql(fresh.url, 'DELETE FROM idempotency_keys'))
  afterAll(async () => {
    await store.close()
    await fresh.drop()
  })

  const remember = (key: string, at: number) =>
    store.transaction((tx) =>
      rememberRefusals(tx, [{ intent: anIntent(key), refusal: REFUSAL, at }]),
    )
  const remembered = async (): Promise<string[]> => {
    const rows = await plainSql(fresh.url, 'SELECT key_scope FROM idempotency_keys')
    return rows.map((row) => String(row['key_scope']).split('\n')[0] ?? '').sort()
  }

  it('are found by their scope, with their bytes and their fingerprint', async () => {
    await remember('a', NOON)
    await remember('b', NOON)
    const asked = [anIntent('a'), anIntent('c'), anIntent('a', { caller: 'player:bob' })]
    const found = await store.transaction((tx) => findRefusals(tx, asked))
    expect([...found.keys()]).toEqual([anIntent('a').scope])
    expect(found.get(anIntent('a').scope)).toMatchObject({
      ...REFUSAL,
      fingerprint: anIntent('a').fingerprint,
    })
  })

  it('are forgotten some time after a day, never within it', async () => {
    const clock = aClock()
    const sweep = createRefusalSweep({ store, clock }, KEPT)
    await remember('old', clock.now())
    clock.pass(HOUR_MS)
    await remember('young', clock.now())
    clock.pass(23 * HOUR_MS - 1)
    await sweep()
    expect(await remembered()).toEqual(['old', 'young'])
    clock.pass(2 * HOUR_MS + 2)
    await sweep()
    expect(await remembered()).toEqual(['young'])
    clock.pass(24 * HOUR_MS)
    await sweep()
    expect(await remembered()).toEqual([])
  })

  it('are all forgotten in one sweep, however many they are', async () => {
    const clock = aClock()
    const sweep = createRefusalSweep({ store, clock }, KEPT)
    const many = Array.from({ length: 2_500 }, (_, i) => ({
      intent: anIntent(`k${i}`),
      refusal: REFUSAL,
      at: NOON,
    }))
    await store.transaction((tx) => rememberRefusals(tx, many))
    clock.pass(30 * HOUR_MS)
    await sweep()
    expect(await remembered()).toHaveLength(0)
  })

  it('stay when the clock is set forward by a year, and go when the time has really passed', async () => {
    const clock = aClock()
    const sweep = createRefusalSweep({ store, clock }, KEPT)
    await remember('k', clock.now())
    clock.setWrongBy(365 * 24 * HOUR_MS)
    await sweep()
    expect(await remembered()).toEqual(['k'])
    clock.pass(30 * HOUR_MS)
    await sweep()
    expect(await remembered()).toEqual([])
  })
})

describe('a clock that is set back and forth by up to an hour', () => {
  const step = fc.record({
    passMs: fc.integer({ min: 0, max: 9 * HOUR_MS }),
    errorMs: fc.constantFrom(-HOUR_MS, -1, 0, 1, HOUR_MS),
    does: fc.constantFrom('remember', 'remember', 'sweep', 'restart'),
  })

  it('makes no refusal go within a day, and each within two', async () => {
    const fresh = await DATABASES[0].fresh()
    const store = openTestStore(fresh.url)
    await migrate(store, () => 0)
    const steps = fc.array(step, { minLength: 5, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        await plainSql(fresh.url, 'DELETE FROM idempotency_keys')
        const clock = aClock()
        const since = new Map<string, number>()
        let sweep = createRefusalSweep({ store, clock }, KEPT)
        for (const [i, { passMs, errorMs, does }] of sequence.entries()) {
          clock.pass(passMs)
          clock.setWrongBy(errorMs)
          if (does === 'remember') {
            const refused = { intent: anIntent(`k${i}`), refusal: REFUSAL, at: clock.now() }
            await store.transaction((tx) => rememberRefusals(tx, [refused]))
            since.set(refused.intent.scope, clock.monotonic())
          }
          if (does === 'restart') sweep = createRefusalSweep({ store, clock }, KEPT)
          if (does !== 'sweep') continue
          await sweep()
          const rows = await plainSql(fresh.url, 'SELECT key_scope FROM idempotency_keys')
          const left = new Set(rows.map((row) => row['key_scope']))
          for (const [scope, at] of since) {
            const age = (clock.monotonic() - at) / HOUR_MS
            if (!left.has(scope)) expect(age).toBeGreaterThanOrEqual(24)
            else expect(age).toBeLessThan(48)
            if (!left.has(scope)) since.delete(scope)
          }
        }
      }),
      { numRuns: 60, interruptAfterTimeLimit: 8_000 },
    )
    await store.close()
    await fresh.drop()
  })
})
