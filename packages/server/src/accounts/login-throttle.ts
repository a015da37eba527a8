import { ProblemError } from '@questline/contracts'
import type { Failures as NodesFailures, SharedFailures } from '../nodes/nodes.ts'
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
  /** Learns what other nodes know of the account. What follows is decided by what is known then. */
  look(account: string): Promise<void> | undefined
  /** @throws ProblemError `too-many-requests` while the account waits */
  allow(account: string): void
  /**
   * Starts an attempt; when delays have begun, the next one waits although this one is not decided.
   * @throws ProblemError `too-many-requests` while the account waits
   */
  begin(account: string): void
  /** Resolves once other nodes can know. */
  failed(account: string): Promise<void> | undefined
  succeeded(account: string): Promise<void> | undefined
}

type Failures = { count: number; blockedUntil: number; lastAt: number }

const nothing = (): undefined => undefined

/**
 * `null` settings: no throttle, for load tests. With `shared` all nodes count together; only the
 * block of an attempt that is not decided yet is known to its own node alone.
 */
export function createLoginThrottle(
  clock: Clock,
  settings: LoginThrottleSettings | null,
  shared: ThrottleSharing | null = null,
): LoginThrottle {
  if (!settings) {
    return { look: nothing, allow() {}, begin() {}, failed: nothing, succeeded: nothing }
  }
  const { failuresFree, forgetAfterMs, accountsMax } = settings
  const accounts = new Map<string, Failures>()

  const find = (key: string): Failures | undefined => {
    const failures = accounts.get(key)
    if (!failures || clock.monotonic() - failures.lastAt < forgetAfterMs) return failures
    accounts.delete(key)
    return undefined
  }
  const block = (failures: Failures): void => {
    if (failures.count < failuresFree) return
    failures.blockedUntil = clock.monotonic() + delayAfter(failures.count, settings)
  }
  const allow = (failures: Failures | undefined): void => {
    const waitMs = (failures?.blockedUntil ?? 0) - clock.monotonic()
    if (waitMs <= 0) return
    throw new ProblemError('too-many-requests', { retryAfter: Math.ceil(waitMs / 1_000) })
  }

  /** The account goes to the end: the first is the one that failed the longest time ago. */
  const put = (key: string, failures: Failures): void => {
    accounts.delete(key)
    const first = accounts.size >= accountsMax ? accounts.keys().next() : undefined
    if (first && !first.done) accounts.delete(first.value)
    accounts.set(key, failures)
  }

  return {
    look: (account) =>
      shared?.failures.find(nameOf(shared, account)).then((known) => {
        const key = keyOf(account)
        if (known === null) accounts.delete(key)
        else put(key, asHere(known, accounts.get(key), clock, settings))
      }),
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
      put(key, failures)
      const at = clock.now()
      return shared?.failures.change(nameOf(shared, account), (before) =>
        oneMore(before, at, settings),
      )
    },
    succeeded(account) {
      if (accounts.size === 0 || !accounts.delete(keyOf(account))) return undefined
      return shared?.failures.change(nameOf(shared, account), () => null)
    },
  }
}

function delayAfter(count: number, settings: LoginThrottleSettings): number {
  const { failuresFree, delayFirstMs, delayMaxMs } = settings
  if (count < failuresFree) return 0
  return Math.min(delayMaxMs, delayFirstMs * 2 ** (count - failuresFree))
}

export type ThrottleSharing = {
  readonly failures: SharedFailures
  /** Tells accounts of guests and of usernames apart. */
  readonly kind: string
}

const nameOf = ({ kind }: ThrottleSharing, account: string): string => `${kind}\n${account}`

/** What the database says, by this node's own clock. */
function asHere(
  known: NodesFailures,
  here: Failures | undefined,
  clock: Clock,
  { delayMaxMs }: LoginThrottleSettings,
): Failures {
  const [now, monotonic] = [clock.now(), clock.monotonic()]
  // The clock of another node may be wrong by more than a delay.
  const waitMs = Math.min(delayMaxMs, known.untilAt - now)
  return {
    count: known.count,
    blockedUntil: Math.max(here?.blockedUntil ?? 0, monotonic + waitMs),
    lastAt: monotonic - Math.max(0, now - known.lastAt),
  }
}

function oneMore(
  before: NodesFailures | null,
  at: number,
  settings: LoginThrottleSettings,
): NodesFailures {
  const isFresh = before !== null && at - before.lastAt < settings.forgetAfterMs
  const count = (isFresh ? before.count : 0) + 1
  const untilAt = at + delayAfter(count, settings)
  return { count, untilAt: Math.max(untilAt, isFresh ? before.untilAt : 0), lastAt: at }
}

/** Of one size for names of any length, so that the bound on accounts is one on memory. */
const keyOf = (account: string): string => Buffer.from(sha256(account)).toString('latin1')
