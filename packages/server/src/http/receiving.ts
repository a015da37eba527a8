import { ProblemError } from '@questline/contracts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Clock } from '../platform/platform.ts'
import { countHeader } from './access.ts'
import { METHODS } from './connection.ts'
import { stateOf } from './connection-state.ts'

/** Methods that some route has, or that are refused by each path with its own list. */
const ROUTED = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'OPTIONS'])

declare module 'fastify' {
  interface FastifyRequest {
    /** Monotonic time, milliseconds: when its headers had come. */
    since: number
  }
}

/**
 * Notes when each request came and on which connection, and refuses what Node takes for a request
 * and no server should: before its body is read, and on a connection that ends where the next
 * request might be another's. One hook, since each costs every request some of its time.
 */
export function receiveRequests(app: FastifyInstance, clock: Clock): void {
  app.decorateRequest('since', 0)
  app.addHook('onRequest', (request, reply, done) => {
    request.since = clock.monotonic()
    const state = stateOf(request.raw.socket)
    state.answering = reply.raw
    const fault = state.ended ? AFTER_A_FAULT : framingFault(request)
    if (fault !== undefined) {
      // Node has read on by the time that a connection ends.
      state.ended = true
      reply.header('connection', 'close')
      return done(new ProblemError('malformed-request', { detail: fault }))
    }
    if (!request.is404) return done()
    if (ROUTED.has(request.method)) return done(new ProblemError('not-found'))
    reply.header('allow', METHODS)
    done(new ProblemError('method-not-allowed'))
  })
}

const AFTER_A_FAULT = 'It came after one that could not be parsed.'

function framingFault(request: FastifyRequest): string | undefined {
  const hosts = countHeader(request, 'host')
  if (hosts > 1) return 'Two Host headers came.'
  if (hosts === 0 && request.raw.httpVersion === '1.1') return 'The Host header is missing.'
  const coding = request.headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    return 'The only Transfer-Encoding is chunked.'
  }
  return undefined
}
