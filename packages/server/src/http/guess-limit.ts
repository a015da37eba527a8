import { ProblemError } from '@questline/contracts'
import type { SharedFailures } from '../nodes/nodes.ts'
import { type Clock, createRateLimit } from '../platform/platform.ts'

export type GuessLimit = {
  /** @throws ProblemError `too-many-requests` while the address has no failure left */
  allow(address: string): void
  /** Counts a failure at once, for what counts whether it fails or not. */
  count(address: string): void
  /**
   * Runs `work`, and counts it where it fails for its credentials. No more run at once than may
   * still fail; the others wait for their turn, so that a hundred wrong guesses in one breath are
   * stopped where a hundred right ones pass.
   * @throws ProblemError `too-many-requests`
   */
  attempt<T>(address: string, work: () => T | Promise<T>): Promise<T>
  /**
   * Runs `work`, which counts whether it fails or not, and was counted here before.
   * @throws ProblemError `too-many-requests`
   */
  counted<T>(address: string, work: () => T | Promise<T>): Promise<T>
}

/** `present` are those that run, wait, or were woken and have not looked yet. */
type Attempts = { present: number; running: number; readonly waiting: (() => void)[] }

/**
 * Failed logins of one address. What fails is known only afterwards, and many come at once. With
 * `shared` all nodes count together, and only what runs at another node at this moment is not known.
 */
export function createGuessLimit(
  clock: Clock,
  perMinute: number,
  shared: SharedFailures | null = null,
): GuessLimit {
  const failures = createRateLimit({ perSecond: perMinute / 60, burst: perMinute })
  const attempts = new Map<string, Attempts>()

  /** How long until one more may fail, were all that run now to fail. */
  const waitBehind = (address: string, running: number): number =>
    failures.wait(address, clock.monotonic(), running)
  const allow = (address: string): void => {
    const waitMs = waitBehind(address, 0)
    if (waitMs > 0) throw new ProblemError('too-many-requests', { retryAfter: waitMs / 1_000 })
  }
  const count = (address: string): void => {
    failures.take(address, clock.monotonic())
  }
  const intervalMs = MINUTE_MS / perMinute
  /** In how long the nodes together will have forgiven all, milliseconds. */
  const fullInMs = async (address: string): Promise<number> => {
    const known = await shared?.find(nameOf(address))
    // The clock of another node may be wrong by more than the whole.
    return known ? Math.min(MINUTE_MS, known.untilAt - clock.now()) : 0
  }
  const look = async (address: string): Promise<void> => {
    const inMs = await fullInMs(address)
    const now = clock.monotonic()
    failures.delay(address, now, now + inMs)
  }
  const tell = (address: string): Promise<void> | undefined => {
    const at = clock.now()
    return shared?.change(nameOf(address), (before) => {
      const untilAt = Math.max(before?.untilAt ?? at, at) + intervalMs
      return { count: (before?.count ?? 0) + 1, untilAt: Math.round(untilAt), lastAt: at }
    })
  }

  const enter = async (address: string): Promise<Attempts> => {
    const here = attempts.get(address) ?? { present: 0, running: 0, waiting: [] }
    attempts.set(address, here)
    here.present += 1
    while (here.running > 0 && waitBehind(address, here.running) > 0) {
      await new Promise<void>((resolve) => here.waiting.push(resolve))
    }
    here.running += 1
    return here
  }
  const leave = (address: string, here: Attempts): void => {
    here.running -= 1
    here.present -= 1
    // Each looks for itself whether it may go, and those that may not wait again, in their order.
    for (const wake of here.waiting.splice(0)) wake()
    if (here.present === 0) attempts.delete(address)
  }

  return {
    allow,
    count,
    async attempt(address, work) {
      if (shared) await look(address)
      const here = await enter(address)
      try {
        allow(address)
        return await work()
      } catch (error) {
        const isFailure = error instanceof ProblemError && error.code === 'invalid-credentials'
        if (isFailure) {
          count(address)
          await tell(address)
        }
        throw error
      } finally {
        leave(address, here)
      }
    },
    async counted(address, work) {
      if (!shared) return work()
      // Without its own count, which the others do not know yet.
      const waitMs = (await fullInMs(address)) - intervalMs * (perMinute - 1)
      if (waitMs > 0) throw new ProblemError('too-many-requests', { retryAfter: waitMs / 1_000 })
      await tell(address)
      return work()
    },
  }
}

const MINUTE_MS = 60_000
const nameOf = (address: string): string => `address\n${address}`
