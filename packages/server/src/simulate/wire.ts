import { setTimeout as sleep } from 'node:timers/promises'

export type Call = {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly token?: string | undefined
  /** The Idempotency-Key. */
  readonly key?: string | undefined
  /** Text is sent as it is, everything else as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Answer = {
  readonly status: number
  readonly text: string
  /** The parsed object; empty when the text is none. */
  readonly body: Readonly<Record<string, unknown>>
  /** Whether it is the answer of an earlier request under the same key. */
  readonly replayed: boolean
}

export type Wire = {
  /** Waits and tries again where the server says that it is busy, as a game should. */
  send(call: Call): Promise<Answer>
  requests(): number
  /** How often each status was answered. */
  statuses(): Readonly<Record<string, number>>
}

const PATIENCE = 5

export function createWire(parts: {
  readonly baseUrl: string
  readonly fetch: typeof globalThis.fetch
}): Wire {
  const counts = new Map<string, number>()
  let requests = 0
  return {
    async send(call) {
      for (let tries = 1; ; tries += 1) {
        const response = await parts.fetch(new URL(call.path, parts.baseUrl), requestOf(call))
        const text = await response.text()
        const { status, headers } = response
        requests += 1
        counts.set(String(status), (counts.get(String(status)) ?? 0) + 1)
        const isBusy = status === 429 || status === 503
        if (!isBusy || tries > PATIENCE) {
          const replayed = headers.get('idempotency-replayed') === 'true'
          return { status, text, body: parseObject(text), replayed }
        }
        await sleep(1_000 * Number(headers.get('retry-after') ?? 1))
      }
    },
    requests: () => requests,
    statuses: () => Object.fromEntries([...counts].toSorted()),
  }
}

function requestOf({ method, token, key, body, headers }: Call): RequestInit {
  const isText = typeof body === 'string'
  return {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}
