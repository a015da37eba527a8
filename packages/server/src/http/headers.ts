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

export type SendHeaders = (request: FastifyRequest, reply: FastifyReply) => void

export function createHeaders(settings: HeaderSettings): SendHeaders {
  const always = { ...headersOfAll(settings) }
  const origins = new Set(settings.allowedOrigins)
  return (request, reply) => {
    reply.headers(always)
    reply.header('x-request-id', request.id)
    if (request.headers.origin !== undefined) allowOrigin(origins, request, reply)
  }
}

/** Sends what every answer bears, and answers CORS preflights. */
export function sendHeaders(app: FastifyInstance, send: SendHeaders): void {
  app.addHook('onRequest', (request, reply, done) => {
    send(request, reply)
    done()
  })
  app.options('/*', { schema: { hide: true } }, (_request, reply) => reply.code(204).send())
}

/**
 * CORS for an exact list of origins. Written out, since a request without an Origin, which is every
 * request of a game, passes it for free; the usual plugin costs each of them 2 µs.
 */
function allowOrigin(origins: ReadonlySet<string>, request: FastifyRequest, reply: FastifyReply) {
  const { origin = '' } = request.headers
  if (!origins.has(origin)) return
  reply.headers({
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'X-Request-ID, Idempotency-Replayed, Retry-After',
  })
  if (request.method !== 'OPTIONS') return
  reply.headers({
    'access-control-allow-methods': 'GET, POST, PUT, DELETE',
    'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key, X-Request-ID',
    'access-control-max-age': '600',
  })
}
