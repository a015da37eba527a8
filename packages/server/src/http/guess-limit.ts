import { ProblemError } from '@questline/contracts'
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
  attempt<T>(address: string, work: () => Promise<T>): Promise<T>
}

type Attempts = { running: number; readonly waiting: (() => void)[] }

/** Failed logins of one address. What fails is known only afterwards, and many come at once. */
export function createGuessLimit(clock: Clock, perMinute: number): GuessLimit {
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

  const enter = async (address: string): Promise<Attempts> => {
    const here = attempts.get(address) ?? { running: 0, waiting: [] }
    attempts.set(address, here)
    while (here.running > 0 && waitBehind(address, here.running) > 0) {
      await new Promise<void>((resolve) => here.waiting.push(resolve))
    }
    here.running += 1
    return here
  }
  const leave = (address: string, here: Attempts): void => {
    here.running -= 1
    // Each looks for itself whether it may go, and those that may not wait again, in their order.
    const woken = here.waiting.splice(0)
    for (const wake of woken) wake()
    if (here.running === 0 && woken.length === 0) attempts.delete(address)
  }

  return {
    allow,
    count,
    async attempt(address, work) {
      const here = await enter(address)
      try {
        allow(address)
        return await work()
      } catch (error) {
        const isFailure = error instanceof ProblemError && error.code === 'invalid-credentials'
        if (isFailure) count(address)
        throw error
      } finally {
        leave(address, here)
      }
    },
  }
}
