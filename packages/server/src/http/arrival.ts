import { INGEST_HEADERS, instantOf } from '@questline/contracts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Arrival, Monotonic } from '../ingest/ingest.ts'
import type { Clock } from '../platform/platform.ts'
import type { Caller } from './endpoint.ts'
import { appOf } from './movements.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Wall clock, milliseconds since the epoch: when its headers had come, however long its body took. */
    arrivedAt: number
  }
}

export function noteArrivals(app: FastifyInstance, clock: Clock): void {
  app.decorateRequest('arrivedAt', 0)
  app.addHook('onRequest', (request, _reply, done) => {
    request.arrivedAt = clock.now()
    done()
  })
}

/** What a request's headers say of all its events. One that cannot be read says nothing. */
export function arrivalOf(request: FastifyRequest, caller: Caller, defaultApp: string): Arrival {
  return {
    app: appOf(caller, defaultApp),
    requestId: request.id,
    receivedAt: request.arrivedAt,
    sdk: readSdk(headerOf(request, INGEST_HEADERS.sdk)),
    sentAt: readSentAt(headerOf(request, INGEST_HEADERS.sentAt)),
    monotonic: readMonotonic(headerOf(request, INGEST_HEADERS.monotonic)),
    ...(request.trace ? { trace: request.trace } : {}),
  }
}

function headerOf({ headers }: FastifyRequest, name: string): string {
  const value = headers[name.toLowerCase()]
  return typeof value === 'string' ? value.trim() : ''
}

/** `name/version`. */
export const readSdk = (text: string): string | null =>
  /^[\w.@-]{1,64}\/[\w.+-]{1,64}$/.test(text) ? text : null

/** RFC 3339, or milliseconds since the epoch up to the year 9999. */
export const readSentAt = (text: string): number | null =>
  /^\d{1,15}$/.test(text) ? Math.min(Number(text), LATEST) : instantOf(text)
const LATEST = 253_402_300_799_999

/** `<run>;<ms>`. */
export function readMonotonic(text: string): Monotonic | null {
  const [, run, ms] = /^([^;]{1,64}); ?(\d{1,15}(?:\.\d{1,9})?)$/.exec(text) ?? []
  return run === undefined || ms === undefined ? null : { run, ms: Number(ms) }
}
