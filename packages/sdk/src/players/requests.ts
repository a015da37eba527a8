import type { Machine } from '../host.ts'
import { timed } from '../timed.ts'
import { ProblemError } from './problem.ts'

export type Wanted = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** The bytes that are sent, in each attempt the same. */
  readonly body?: string
}

/** Then a movement is left for later: the player does not wait any longer. */
const ATTEMPTS_MAX = 5
const TIMEOUT_MS = 15_000
const PAUSE_MS = 1_000
const PAUSE_MAX_MS = 60_000

/** Sends until there is an answer that no retry would change: resolves with it, or throws what it says. */
export async function request<T>(
  machine: Machine,
  url: string,
  { path, headers, ...rest }: Wanted,
): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const answer = await timed(machine, TIMEOUT_MS, async (signal) => {
      const json = rest.body && { 'content-type': 'application/json' }
      const all = {
        ...rest,
        ...signal,
        headers: { ...json, ...headers },
        redirect: 'error',
      } as const
      const response = await machine.fetch(url + path, all)
      // What is no JSON is none of our server's answers.
      return { response, body: Object(await response.json()) }
    })
    const status = answer?.response.status ?? 0
    if (answer && status < 300) return answer.body
    const code = answer?.body.code
    const isBusy = status === 408 || status === 429 || code === 'idempotency-key-in-use'
    if (answer && status > 399 && status < 500 && !isBusy)
      throw new ProblemError(code, status, answer.body)
    const asked = Number(answer?.response.headers.get('retry-after')) * 1_000
    const pause = (asked || PAUSE_MS * 2 ** attempt) * (1 + machine.random() / 4)
    if (attempt < ATTEMPTS_MAX - 1)
      await new Promise<void>((resolve) => {
        machine.setTimer(resolve, Math.min(pause, PAUSE_MAX_MS))
      })
  }
  throw new ProblemError('unreachable', 0)
}
