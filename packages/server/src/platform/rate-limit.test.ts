import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRateLimit } from './rate-limit.ts'

/** How many of `asked` units at `nowMs` are allowed. */
const allowed = (limit: ReturnType<typeof createRateLimit>, asked: number, nowMs: number): number =>
  Array.from({ length: asked }, () => limit.take('k', nowMs)).filter((waitMs) => waitMs === 0)
    .length

describe('a rate limit', () => {
  it('allows the burst at once and then the rate', () => {
    const limit = createRateLimit({ perSecond: 10, burst: 5 })
    expect(allowed(limit, 100, 0)).toBe(5)
    expect(allowed(limit, 100, 99)).toBe(0)
    expect(allowed(limit, 100, 100)).toBe(1)
    expect(allowed(limit, 100, 350)).toBe(2)
    expect(allowed(limit, 100, 60_000)).toBe(5)
  })

  it('says how long to wait, and that is neither too short nor too long', () => {
    const limit = createRateLimit({ perSecond: 10, burst: 2 })
    expect(allowed(limit, 2, 1_000)).toBe(2)
    const waitMs = limit.take('k', 1_030)
    expect(waitMs).toBeCloseTo(70)
    expect(limit.wait('k', 1_030 + waitMs - 1)).toBeGreaterThan(0)
    expect(limit.take('k', 1_030 + waitMs)).toBe(0)
  })

  it('takes nothing when it refuses, and nothing when it is only asked', () => {
    const limit = createRateLimit({ perSecond: 1, burst: 1 })
    expect(limit.wait('k', 0)).toBe(0)
    expect(limit.take('k', 0)).toBe(0)
    for (let ms = 1; ms < 1_000; ms += 1) limit.take('k', ms)
    expect(limit.take('k', 1_000)).toBe(0)
  })

  it('counts each key by itself', () => {
    const limit = createRateLimit({ perSecond: 1, burst: 1 })
    expect([limit.take('a', 0), limit.take('b', 0)]).toEqual([0, 0])
    expect(limit.take('a', 0)).toBe(1_000)
  })

  it('with slower rates than one per second waits accordingly', () => {
    const limit = createRateLimit({ perSecond: 20 / 60, burst: 1 })
    expect(limit.take('k', 0)).toBe(0)
    expect(limit.take('k', 0)).toBeCloseTo(3_000)
  })

  it('in any stretch of time never allows more than burst + rate × time, nor much less', () => {
    const rate = fc.record({
      perSecond: fc.integer({ min: 1, max: 200 }),
      burst: fc.integer({ min: 1, max: 50 }),
    })
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(rate, gaps, ({ perSecond, burst }, waits) => {
        const limit = createRateLimit({ perSecond, burst })
        let nowMs = 0
        let taken = 0
        for (const waitMs of waits) {
          nowMs += waitMs
          while (limit.take('k', nowMs) === 0) taken += 1
          expect(taken).toBeLessThanOrEqual(burst + (nowMs * perSecond) / 1_000 + 1e-6)
        }
        // Whoever always takes what there is gets the whole rate, but for a unit that is not full yet.
        const refills = Math.max(...waits.slice(1), 0) * perSecond < burst * 1_000
        if (refills) {
          const since = nowMs - (waits[0] ?? 0)
          expect(taken).toBeGreaterThanOrEqual(burst + Math.floor((since * perSecond) / 1_000) - 1)
        }
      }),
    )
  })

  it('forgets keys that rest before it forgets one that is limited', () => {
    const limit = createRateLimit({ perSecond: 1, burst: 1 }, 100)
    for (let i = 0; i < 99; i += 1) limit.take(`resting ${i}`, 0)
    limit.take('limited', 1_500)
    for (let i = 0; i < 99; i += 1) limit.take(`new ${i}`, 1_600)
    expect(limit.wait('limited', 1_600)).toBeGreaterThan(0)
  })

  it('a flood of new keys costs each of them a moment only', () => {
    const limit = createRateLimit({ perSecond: 1, burst: 1 }, 50_000)
    const started = performance.now()
    for (let i = 0; i < 200_000; i += 1) limit.take(`address ${i}`, 0)
    // A pass over all keys for each new one would take minutes.
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
