import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Random, randomText } from '../platform/platform.ts'

export type HeaderSettings = {
  readonly version: string
  readonly hsts: boolean
  readonly allowedOrigins: readonly string[]
}

const CLIENT_REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/

/** The client's own request id where it is harmless in logs and headers, else a new one. */
export function createRequestIds(
  random: Random,
): (request: { readonly headers: IncomingHttpHeaders }) => string {
  // Unique is enough here, and a counter costs a tenth of random bytes.
  const start = randomText(random, 9)
  let requests = 0
  return ({ headers }) => {
    const sent = headers['x-request-id']
    if (typeof sent === 'string' && CLIENT_REQUEST_ID.test(sent)) return sent
    requests += 1
    return `${start}-${requests.toString(36)}`
  }
}

/** What every answer bears, whatever made it. */
export const headersOfAll = (settings: HeaderSettings): Readonly<Record<string, string>> => ({
  'x-questline-version': settings.version,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // 0, since the filter that this header once steered was itself a hole.
  'x-xss-protection': '0',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  vary: 'Origin',
  ...(settings.hsts ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } : {}),
})

/** What the answer to this request bears: names and values in turn, as Node takes them. */
export type HeadersFor = (request: FastifyRequest) => string[]

export function createHeaders(settings: HeaderSettings): HeadersFor {
  const always = Object.entries(headersOfAll(settings)).flat()
  const origins = new Set(settings.allowedOrigins)
  return (request) => {
    const headers = [...always, 'x-request-id', request.id]
    const { origin } = request.headers
    if (origin !== undefined && origins.has(origin)) headers.push(...allowing(origin, request))
    return headers
  }
}

/** Puts them on an answer that goes through Fastify. What it says for itself stays. */
export function putHeaders(reply: FastifyReply, headers: readonly string[]): void {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? ''
    if (!reply.hasHeader(name)) reply.header(name, headers[i + 1])
  }
}

/** Sends them with every answer that does not write them by itself, and answers CORS preflights. */
export function sendHeaders(app: FastifyInstance, headersFor: HeadersFor): void {
  app.addHook('onSend', (request, reply, _payload, done) => {
    putHeaders(reply, headersFor(request))
    done()
  })
  app.options('/*', { schema: { hide: true } }, (_request, reply) => reply.code(204).send())
}

/**
 * CORS for one origin of an exact list. Written out, since a request without an Origin, which is every
 * request of a game, passes it for free; the usual plugin costs each of them 2 µs.
 */
function allowing(origin: string, request: FastifyRequest): string[] {
  const headers = [
    ...['access-control-allow-origin', origin],
    ...['access-control-allow-credentials', 'true'],
    'access-control-expose-headers',
    'X-Request-ID, Idempotency-Replayed, Retry-After',
  ]
  if (request.method !== 'OPTIONS') return headers
  return [
    ...headers,
    ...['access-control-allow-methods', 'GET, POST, PUT, DELETE'],
    'access-control-allow-headers',
    'Authorization, Content-Type, Content-Encoding, Idempotency-Key, X-Request-ID, X-Attempt, X-Sent-At, X-Sdk, X-Monotonic',
    ...['access-control-max-age', '600'],
  ]
}
