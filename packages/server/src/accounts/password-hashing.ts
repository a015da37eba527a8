import { ProblemError } from '@questline/contracts'
import type { Random } from '../platform/platform.ts'
import { createHashThreads } from './hash-threads.ts'
import { hashPassword, isWeak, parseHash, tagOf } from './passwords.ts'
import { sameHash } from './secrets.ts'

export type PasswordHashingSettings = {
  /** Hashes at once, at most the number of cores. */
  readonly hashConcurrency: number
  /** Hashes that may wait for one of these. */
  readonly hashQueueMax: number
}

export type PasswordHashing = {
  /**
   * `gone` takes the hash out of the queue as long as it waits there, and fails with its reason.
   * @throws ProblemError `overloaded` when the queue is full
   */
  hash(password: string, gone?: AbortSignal): Promise<string>
  /**
   * Whether `password` has the hash `stored`, and whether that should be made anew.
   * @throws ProblemError `overloaded` when the queue is full
   */
  verify(password: string, stored: string, turn: Turn, gone?: AbortSignal): Promise<Verified>
  /** For gauges. */
  load(): HashingLoad
}

export type Verified = { readonly matches: boolean; readonly weak: boolean }

/** Both run within the turn and are awaited, so that the next one already sees what they did. */
export type Turn = {
  /** Before any work. What it throws ends the turn. */
  begin(): unknown
  end(matches: boolean): unknown
}

export type HashingLoad = { readonly running: number; readonly waiting: number }

/** Hashes are slow by design, so they have a queue of their own and never keep other requests waiting. */
export function createPasswordHashing(
  random: Random,
  settings: PasswordHashingSettings,
): PasswordHashing {
  const { hashConcurrency, hashQueueMax } = settings
  const threads = createHashThreads()
  const waiting: (() => void)[] = []
  let running = 0

  /** Where nobody waits for the answer any more, the place in the queue is somebody else's. */
  const inLine = (gone: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const start = (): void => {
        gone?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        waiting.splice(waiting.indexOf(start), 1)
        reject(gone?.reason)
      }
      gone?.addEventListener('abort', leave, { once: true })
      waiting.push(start)
    })

  const inTurn = async <T>(gone: AbortSignal | undefined, work: () => Promise<T>): Promise<T> => {
    gone?.throwIfAborted()
    if (running < hashConcurrency) running += 1
    else {
      if (waiting.length >= hashQueueMax) throw new ProblemError('overloaded', { retryAfter: 1 })
      await inLine(gone)
    }
    try {
      return await work()
    } finally {
      // The place goes straight to the next in line, so no newcomer can take it in between.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }

  return {
    hash: (password, gone) => inTurn(gone, () => hashPassword(threads, password, random.bytes)),
    verify: (password, stored, turn, gone) =>
      inTurn(gone, async () => {
        await turn.begin()
        const known = parseHash(stored)
        const tag = await tagOf(threads, password, known)
        const matches = sameHash(tag, known.tag)
        await turn.end(matches)
        return { matches, weak: isWeak(known) }
      }),
    load: () => ({ running, waiting: waiting.length }),
  }
}
