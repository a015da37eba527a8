import { ProblemError } from '@questline/contracts'
import { describe, expect, it } from 'vitest'
import { aClock } from '../../../../tests/fresh-accounts.ts'
import {
  createLoginThrottle,
  LOGIN_THROTTLE_DEFAULTS,
  type LoginThrottle,
} from './login-throttle.ts'

const HOUR_MS = 3_600_000

function aThrottle(changes: Partial<typeof LOGIN_THROTTLE_DEFAULTS> = {}) {
  const clock = aClock()
  const throttle = createLoginThrottle(clock, { ...LOGIN_THROTTLE_DEFAULTS, ...changes })
  return { clock, throttle }
}

/** Seconds that the account has to wait; 0: none. */
function wait(throttle: LoginThrottle, account = 'ada'): number {
  try {
    throttle.allow(account)
    return 0
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'too-many-requests') {
      return error.retryAfter ?? Number.NaN
    }
    throw error
  }
}

const fail = (throttle: LoginThrottle, times: number, account = 'ada'): void => {
  for (let i = 0; i < times; i += 1) void throttle.failed(account)
}

describe('the throttle of an account', () => {
  it('lets ten failures pass and then doubles the wait, from one second to one minute', () => {
    const { throttle } = aThrottle()
    fail(throttle, 9)
    expect(wait(throttle)).toBe(0)
    const waits = Array.from({ length: 8 }, () => {
      void throttle.failed('ada')
      return wait(throttle)
    })
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
  })

  it('opens again after the wait', () => {
    const { clock, throttle } = aThrottle()
    fail(throttle, 10)
    clock.advance(999)
    expect(wait(throttle)).toBe(1)
    clock.advance(1)
    expect(wait(throttle)).toBe(0)
  })

  it('allows at most 100 failures in any hour to one who never rests', () => {
    const { clock, throttle } = aThrottle()
    const failedAt: number[] = []
    while (clock.monotonic() < 3 * HOUR_MS) {
      while (wait(throttle) === 0) {
        throttle.begin('ada')
        void throttle.failed('ada')
        failedAt.push(clock.monotonic())
      }
      clock.advance(250)
    }
    const worst = Math.max(
      ...failedAt.map((end) => failedAt.filter((at) => at <= end && at > end - HOUR_MS).length),
    )
    expect(worst).toBeLessThanOrEqual(100)
    expect(worst).toBeGreaterThan(50)
  })

  it('lets one attempt in at a time once delays have begun', () => {
    const { clock, throttle } = aThrottle()
    fail(throttle, 10)
    clock.advance(1_000)
    throttle.begin('ada')
    expect(() => throttle.begin('ada')).toThrow(ProblemError)
  })

  it('takes any number of undecided attempts before that, for who logs in on many devices', () => {
    const { throttle } = aThrottle()
    fail(throttle, 5)
    for (let i = 0; i < 50; i += 1) throttle.begin('ada')
  })

  it('forgets an account that succeeds, and one without failures for an hour', () => {
    const { clock, throttle } = aThrottle()
    fail(throttle, 12)
    void throttle.succeeded('ada')
    fail(throttle, 9)
    expect(wait(throttle)).toBe(0)
    clock.advance(HOUR_MS)
    fail(throttle, 9)
    expect(wait(throttle)).toBe(0)
  })

  it('is not felt by others', () => {
    const { throttle } = aThrottle()
    fail(throttle, 12, 'ada')
    expect(wait(throttle, 'bob')).toBe(0)
  })

  it('remembers a bounded number of accounts, those that failed last', () => {
    const { throttle } = aThrottle({ accountsMax: 3 })
    fail(throttle, 10, 'first')
    fail(throttle, 10, 'second')
    fail(throttle, 10, 'third')
    fail(throttle, 1, 'first')
    fail(throttle, 1, 'fourth')
    expect(wait(throttle, 'first')).toBeGreaterThan(0)
    expect(wait(throttle, 'second')).toBe(0)
    expect(wait(throttle, 'third')).toBeGreaterThan(0)
  })

  it('is off when it is switched off', () => {
    const throttle = createLoginThrottle(aClock(), null)
    fail(throttle, 100)
    expect(wait(throttle)).toBe(0)
  })
})
