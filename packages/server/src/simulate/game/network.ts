import { INGEST_HEADERS } from '@questline/contracts'
import type { Host, HttpRequest, HttpResponse } from '@questline/sdk'
import type { Dice } from '../dice.ts'
import type { GameTime } from './game-time.ts'
import type { Verdict, Verdicts } from './verdicts.ts'

export type Fetch = (url: string, request: HttpRequest) => Promise<HttpResponse>

export type NetworkParts = {
  readonly time: GameTime
  readonly dice: Dice
  readonly fetch: Fetch
  readonly verdicts: Verdicts
}

/** How a request of which something goes wrong arrives twice. */
const MISHAPS = ['answer-lost', 'copied', 'twins'] as const
/** Beyond, what is corrected by the time of sending is off by more than the game allows for. */
const SLOW_MS = 2_000

/** Each takes a connection: thousands of devices that wake at once would take thousands. */
const AT_ONCE_MAX = 128

/** Lets so many work at once, and the others in their order. */
function createTurnstile(most: number) {
  const waiting: (() => void)[] = []
  let inside = 0
  return {
    async enter(): Promise<void> {
      if (inside < most) inside += 1
      // Whoever leaves hands its place over.
      else await new Promise<void>((resolve) => waiting.push(resolve))
    },
    leave(): void {
      const next = waiting.shift()
      if (next) next()
      else inside -= 1
    },
  }
}

type Answer = { readonly response: HttpResponse; readonly verdicts: readonly Verdict[] | null }

/**
 * What lies between the devices and the server: it cuts connections, loses answers and carries
 * requests twice, and sees all verdicts, also those that no device hears of.
 */
export function createNetwork(
  parts: NetworkParts,
  { duplicates }: { readonly duplicates: number },
) {
  const { time, dice, fetch, verdicts } = parts
  const counts = { requests: 0, failed: 0, slow: 0, twice: 0 }
  const statuses = new Map<string, number>()
  const turnstile = createTurnstile(AT_ONCE_MAX)

  const send = async (url: string, request: HttpRequest): Promise<Answer> => {
    const since = time.monotonic()
    counts.requests += 1
    await turnstile.enter()
    try {
      const response = await fetch(url, request)
      const body = Object(await response.json().catch(() => null))
      const { status, headers } = response
      statuses.set(String(status), (statuses.get(String(status)) ?? 0) + 1)
      const results: readonly Verdict[] | null = Array.isArray(body.results) ? body.results : null
      if (results) verdicts.see(results)
      return { response: { status, headers, json: async () => body }, verdicts: results }
    } catch (error) {
      counts.failed += 1
      throw error
    } finally {
      turnstile.leave()
      if (time.monotonic() - since > SLOW_MS) counts.slow += 1
    }
  }

  const again = (request: HttpRequest): HttpRequest => ({
    ...request,
    headers: { ...request.headers, [INGEST_HEADERS.attempt.toLowerCase()]: '2' },
  })

  const carry = async (url: string, request: HttpRequest): Promise<Answer> => {
    if (!dice.chance(duplicates)) return send(url, request)
    counts.twice += 1
    switch (dice.pick(MISHAPS)) {
      case 'answer-lost':
        await send(url, request)
        throw new TypeError('the answer was lost')
      case 'copied': {
        const answer = await send(url, request)
        await send(url, again(request)).catch(() => undefined)
        return answer
      }
      case 'twins': {
        const both = await Promise.allSettled([send(url, request), send(url, again(request))])
        const [one, other] = dice.chance(0.5) ? both : both.toReversed()
        const arrived = one?.status === 'fulfilled' ? one : other
        if (arrived?.status === 'fulfilled') return arrived.value
        throw new TypeError('neither of the two came through')
      }
    }
  }

  return {
    /** The connection of one device; `offlineUntil` is on the game's clock. */
    connect(device: { readonly offlineUntil: number }): Host['fetch'] {
      return async (url, request) => {
        if (time.now() < device.offlineUntil) throw new TypeError('there is no connection')
        const answer = await carry(url, request)
        if (answer.verdicts) verdicts.deliver(answer.verdicts)
        return answer.response
      }
    },
    /** Requests, with those that got no answer, took long, or came twice. */
    counts: () => ({ ...counts, statuses: Object.fromEntries([...statuses].sort()) }),
  }
}

export type Network = ReturnType<typeof createNetwork>
