import { ProblemError } from '@questline/contracts'
import type { Intent } from './intent.ts'

export type InFlight = {
  /**
   * Runs `work` unless the same intent is already running in this process.
   * @throws ProblemError `idempotency-key-in-use`
   */
  run<T>(intent: Intent | null, work: () => Promise<T>): Promise<T>
}

/** From the moment a request joins a commit until it is answered its key is taken. */
export function createInFlight(): InFlight {
  const running = new Set<string>()
  return {
    async run(intent, work) {
      if (intent === null) return work()
      const { scope } = intent
      if (running.has(scope)) throw new ProblemError('idempotency-key-in-use', { retryAfter: 1 })
      running.add(scope)
      try {
        return await work()
      } finally {
        running.delete(scope)
      }
    },
  }
}
