// POST /v1/events as the contract has it, in memory, with the faults of real networks on demand. It
// judges its clients as well: what they must never do is listed in `violations`.
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import type { HttpRequest, HttpResponse } from '@questline/sdk'

/** What goes wrong with one request. `lost`: it is stored, and the answer does not arrive. */
export type Fault =
  | { readonly kind: 'reset' | 'lost' | 'hang' | 'login-page' | 'no-verdicts' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  /** Says `retry`, or whatever it is, of these events instead of taking them. */
  | {
      readonly kind: 'verdict'
      readonly status: string
      readonly of: (event: SentEvent) => boolean
      readonly retryAfter?: string
    }

export type SentEvent = Readonly<Record<string, unknown>> & {
  readonly event_id: string
  readonly event_type: string
  readonly device_id: string
  readonly seq: number
}

export type SeenRequest = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly keepalive: boolean
  /** Of the body on the wire. */
  readonly bytes: number
  readonly text: string
  readonly events: readonly SentEvent[]
}

export type FakeServer = {
  fetch(url: string, request: HttpRequest): Promise<HttpResponse>
  /** What goes wrong from now on; undefined: nothing. */
  fault: ((request: SeenRequest) => Fault | undefined) | undefined
  readonly requests: readonly SeenRequest[]
  /** Everything accepted, once, in order. */
  readonly stored: readonly SentEvent[]
  readonly violations: readonly string[]
}

const EVENTS_MAX = 500
const INFLATED_MAX = 4 * 1_024 * 1_024
const WIRE_MAX = 1_024 * 1_024

export function createFakeServer({ apiKey = 'key' } = {}): FakeServer {
  const requests: SeenRequest[] = []
  const stored: SentEvent[] = []
  const violations: string[] = []
  const texts = new Map<string, string>()
  const flying = new Set<string>()
  const judge = createJudge(violations)

  const verdict = (event: SentEvent, fault: Fault | undefined): object => {
    const { event_id } = event
    if (fault?.kind === 'verdict' && fault.of(event)) return { event_id, status: fault.status }
    const text = JSON.stringify(event)
    const known = texts.get(event_id)
    if (known === undefined) {
      texts.set(event_id, text)
      stored.push(event)
      return { event_id, status: 'accepted' }
    }
    if (known !== text) violations.push(`${event_id}: another body under the same id`)
    return { event_id, status: known === text ? 'duplicate' : 'conflict' }
  }

  const answer = async (seen: SeenRequest, fault: Fault | undefined): Promise<HttpResponse> => {
    if (fault?.kind === 'hang') return new Promise(() => undefined)
    if (fault?.kind === 'reset') throw new TypeError('fetch failed')
    if (fault?.kind === 'login-page') return reply(200, undefined)
    if (fault?.kind === 'no-verdicts') return reply(200, { results: [] })
    if (fault?.kind === 'status')
      return reply(fault.status, { code: 'some-problem' }, fault.retryAfter)
    if (seen.headers['authorization'] !== `Bearer ${apiKey}`) return reply(401, { code: 'x' })
    const results = seen.events.map((event) => verdict(event, fault))
    if (fault?.kind === 'lost') throw new TypeError('the answer is lost')
    const body = { request_id: seen.headers['x-request-id'], received_at: '…', results }
    return reply(200, body, fault?.kind === 'verdict' ? fault.retryAfter : undefined)
  }

  const server: FakeServer = {
    fault: undefined,
    requests,
    stored,
    violations,
    async fetch(url, request) {
      const { headers, body = '', keepalive = false } = request
      const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body)
      const isPacked = headers['content-encoding'] === 'gzip'
      const text = (isPacked ? gunzipSync(bytes) : bytes).toString()
      const { events } = JSON.parse(text)
      const seen = { url, headers, keepalive, bytes: bytes.length, text, events }
      requests.push(seen)
      judge(seen, createHash('sha256').update(bytes).digest('hex'))
      // Clients are told apart by their run.
      const client = headers['x-monotonic']?.split(';')[0] ?? ''
      if (flying.has(client)) violations.push(`${client}: two requests at once`)
      flying.add(client)
      request.signal?.addEventListener('abort', () => flying.delete(client))
      try {
        return await answer(seen, server.fault?.(seen))
      } finally {
        flying.delete(client)
      }
    },
  }
  return server
}

/** Looks at what the contract asks of each request, and of one attempt after the other. */
function createJudge(violations: string[]): (seen: SeenRequest, hash: string) => void {
  const attempts = new Map<string, { readonly hash: string; attempt: number }>()
  return (seen, hash) => {
    const { headers } = seen
    const id = headers['x-request-id'] ?? ''
    const attempt = Number(headers['x-attempt'])
    const known = attempts.get(id)
    if (known && known.hash !== hash) violations.push(`${id}: another body in attempt ${attempt}`)
    if (attempt !== (known?.attempt ?? 0) + 1) violations.push(`${id}: attempt ${attempt}`)
    attempts.set(id, { hash, attempt })
    if (!/^[\w-]+\/[\d.]+$/.test(headers['x-sdk'] ?? '')) violations.push('no x-sdk')
    if (!/^[\w-]+;\d+$/.test(headers['x-monotonic'] ?? '')) violations.push('no x-monotonic')
    if (Number.isNaN(Date.parse(headers['x-sent-at'] ?? ''))) violations.push('no x-sent-at')
    if (seen.events.length > EVENTS_MAX || seen.bytes > WIRE_MAX || seen.text.length > INFLATED_MAX)
      violations.push(`${id}: ${seen.events.length} events, ${seen.bytes} bytes`)
    if (seen.keepalive && seen.bytes > 60_000) violations.push(`${id}: keepalive ${seen.bytes}`)
    const ids = new Set(seen.events.map((event) => event.event_id))
    if (ids.size !== seen.events.length) violations.push(`${id}: an event twice`)
  }
}

/** Not a real Response: reading one takes turns of the event loop that nobody can count. */
const reply = (status: number, body: unknown, retryAfter?: string): HttpResponse => ({
  status,
  headers: { get: (name) => (name === 'retry-after' ? (retryAfter ?? null) : null) },
  json: async () => {
    if (body === undefined) throw new SyntaxError('no JSON')
    return body
  },
})
