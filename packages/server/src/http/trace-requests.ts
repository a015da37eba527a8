import type { FastifyInstance } from 'fastify'
import { readTraceparent, type Tracing } from '../tracing/tracing.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** W3C traceparent of the span of this request; null where it is not traced. */
    trace: string | null
  }
}

/** A span for each request, below that of its client where it has said one. Off, no request has a hook more. */
export function traceRequests(app: FastifyInstance, tracing: Tracing | null): void {
  app.decorateRequest('trace', null)
  if (tracing === null) return
  app.addHook('onRequest', (request, reply, done) => {
    const { method } = request
    const route = request.routeOptions.url ?? 'unknown'
    const span = tracing.begin(
      `${method} ${route}`,
      readTraceparent(request.headers['traceparent']),
      { 'http.request.method': method, 'http.route': route, 'questline.request_id': request.id },
    )
    request.trace = span.traceparent
    reply.raw.once('close', () => span.end({ 'http.response.status_code': reply.raw.statusCode }))
    done()
  })
}
