import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'

export type HeaderSettings = {
  readonly version: string
  readonly hsts: boolean
  readonly allowedOrigins: readonly string[]
}

const CLIENT_REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/

/** The client's own request id where it is harmless in logs and headers, else a new one. */
export function requestIdOf(sent: unknown, make: () => string): string {
  return typeof sent === 'string' && CLIENT_REQUEST_ID.test(sent) ? sent : make()
}

export async function sendHeaders(app: FastifyInstance, settings: HeaderSettings): Promise<void> {
  const always: Record<string, string> = {
    'x-questline-version': settings.version,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // 0, since the filter that this header once steered was itself a hole.
    'x-xss-protection': '0',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    ...(settings.hsts
      ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }
      : {}),
  }
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(always)
    reply.header('x-request-id', request.id)
    done()
  })
  await app.register(cors, {
    origin: [...settings.allowedOrigins],
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'X-Request-ID'],
    exposedHeaders: ['X-Request-ID', 'Idempotency-Replayed', 'Retry-After'],
    credentials: true,
    maxAge: 600,
    strictPreflight: false,
  })
}
