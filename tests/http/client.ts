// A client that can say what fetch will not: the same header twice, odd methods, bodies of any kind.
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'

export type Sent = {
  /** GET without a body, POST with one, unless told otherwise. */
  readonly method?: string
  /** An object is sent as JSON; text and bytes as they are, as JSON unless `type` says otherwise. */
  readonly body?: object | string | Uint8Array
  /** `Content-Type`; null: none. */
  readonly type?: string | null
  readonly token?: string | undefined
  /** `Idempotency-Key`. */
  readonly key?: string
  /** `X-Request-ID`. */
  readonly id?: string
  /** A list sends the header once per value. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

export type Answer = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The parsed JSON object; empty when the answer is none. */
  readonly body: Readonly<Record<string, unknown>>
}

export type Client = {
  readonly url: string
  send(path: string, sent?: Sent): Promise<Answer>
  close(): void
}

/** Connections are kept and as many as there are requests at once, so that nothing waits on this side. */
export function createClient(url: string): Client {
  const agent = new Agent({ keepAlive: true })
  return {
    url,
    send: (path, sent = {}) => send(agent, url, path, sent),
    close: () => agent.destroy(),
  }
}

function send(agent: Agent, url: string, path: string, sent: Sent): Promise<Answer> {
  const payload = payloadOf(sent.body)
  const method = sent.method ?? (payload === undefined ? 'GET' : 'POST')
  const { hostname, port } = new URL(url)
  const headers = headersOf(sent, payload)
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ agent, hostname, port, path, method, headers }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        // A stream of events has no end: its beginning is its answer, and then we hang up.
        if (incoming.headers['content-type'] === 'text/event-stream') incoming.destroy()
      })
      incoming.on('error', reject)
      incoming.on('close', () => {
        const text = Buffer.concat(chunks).toString()
        const status = incoming.statusCode ?? 0
        const answer = { status, headers: incoming.headers, text, body: parsed(text) }
        const faults = faultsOf(answer)
        if (faults.length === 0) resolve(answer)
        else reject(new Error(`${method} ${path} → ${status}: ${faults.join(', ')}`))
      })
    })
    outgoing.on('error', reject)
    outgoing.end(payload)
  })
}

/** Headers that every answer bears, whatever the test is about. */
const ALWAYS = {
  'x-questline-version': /^\d+\.\d+\.\d+/,
  'x-request-id': /^[A-Za-z0-9_-]{1,64}$/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'x-xss-protection': /^0$/,
  'content-security-policy': /default-src 'none'.*frame-ancestors 'none'/,
  'cache-control': /^no-store$/,
} as const
const NEVER = ['server', 'x-powered-by', 'via']

/** What every answer should bear, and this one does not. */
export function faultsOf({ headers }: Pick<Answer, 'headers'>): string[] {
  const missing = Object.entries(ALWAYS).filter(([name, form]) => !form.test(`${headers[name]}`))
  const told = NEVER.filter((name) => name in headers)
  return [...missing.map(([name]) => `${name}: ${headers[name]}`), ...told]
}

function payloadOf(body: Sent['body']): Uint8Array | undefined {
  if (body === undefined) return undefined
  if (body instanceof Uint8Array) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function headersOf({ type, token, key, id, headers }: Sent, payload: Uint8Array | undefined) {
  const contentType = type === undefined ? 'application/json' : type
  return {
    ...(payload === undefined ? {} : { 'content-length': payload.length }),
    ...(payload === undefined || contentType === null ? {} : { 'content-type': contentType }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(key === undefined ? {} : { 'idempotency-key': key }),
    ...(id === undefined ? {} : { 'x-request-id': id }),
    ...headers,
  }
}

export function parsed(text: string): Answer['body'] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Answer['body']) : {}
  } catch {
    return {}
  }
}
