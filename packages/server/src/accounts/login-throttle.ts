import { ProblemError } from '@questline/contracts'
import type { Clock } from '../platform/platform.ts'
import { sha256 } from './secrets.ts'

export type LoginThrottleSettings = {
  /** Failures on one account that cost nothing. */
  readonly failuresFree: number
  /** The delay after the last of these; each further failure doubles it. */
  readonly delayFirstMs: number
  /** The longest delay. One minute allows 75 failures in the first hour, 60 in each later one. */
  readonly delayMaxMs: number
  /** An account without failures for so long starts afresh. */
  readonly forgetAfterMs: number
  readonly accountsMax: number
}

export const LOGIN_THROTTLE_DEFAULTS: LoginThrottleSettings = {
  failuresFree: 10,
  delayFirstMs: 1_000,
  delayMaxMs: 60_000,
  forgetAfterMs: 3_600_000,
  accountsMax: 100_000,
}

/** Slows guessing at one account, whether it exists or not, and never locks it for good. */
export type LoginThrottle = {
  /** @throws ProblemError `too-many-requests` while the account waits */
  allow(account: string): void
  /**
   * Starts an attempt; when delays have begun, the next one waits although this one is not decided.
   * @throws ProblemError `too-many-requests` while the account waits
   */
  begin(account: string): void
  failed(account: string): void
  succeeded(account: string): void
}

type Failures = { count: number; blockedUntil: number; lastAt: number }

/** `null`: no throttle, for load tests. */
export function createLoginThrottle(
  clock: Clock,
  settings: LoginThrottleSettings | null,
): LoginThrottle {
  if (!settings) return { allow() {}, begin() {}, failed() {}, succeeded() {} }
  const { failuresFree, delayFirstMs, delayMaxMs, forgetAfterMs, accountsMax } = settings
  const accounts = new Map<string, Failures>()

  const find = (key: string): Failures | undefined => {
    const failures = accounts.get(key)
    if (!failures || clock.monotonic() - failures.lastAt < forgetAfterMs) return failures
    accounts.delete(key)
    return undefined
  }
  const block = (failures: Failures): void => {
    const doublings = failures.count - failuresFree
    if (doublings < 0) return
    const delayMs = Math.min(delayMaxMs, delayFirstMs * 2 ** doublings)
    failures.blockedUntil = clock.monotonic() + delayMs
  }
  const allow = (failures: Failures | undefined): void => {
    const waitMs = (failures?.blockedUntil ?? 0) - clock.monotonic()
    if (waitMs <= 0) return
    throw new ProblemError('too-many-requests', { retryAfter: Math.ceil(waitMs / 1_000) })
  }

  return {
    allow: (account) => allow(find(keyOf(account))),
    begin(account) {
      const failures = find(keyOf(account))
      allow(failures)
      if (failures) block(failures)
    },
    failed(account) {
      const key = keyOf(account)
      const failures = find(key) ?? { count: 0, blockedUntil: 0, lastAt: 0 }
      failures.count += 1
      failures.lastAt = clock.monotonic()
      block(failures)
      // The account goes to the end: the first is the one that failed the longest time ago.
      accounts.delete(key)
      const first = accounts.size >= accountsMax ? accounts.keys().next() : undefined
      if (first && !first.done) accounts.delete(first.value)
      accounts.set(key, failures)
    },
    succeeded(account) {
      if (accounts.size > 0) accounts.delete(keyOf(account))
    },
  }
}

/** Of one size for names of any length, so that the bound on accounts is one on memory. */
const keyOf = (account: string): string => Buffer.from(sha256(account)).toString('latin1')
