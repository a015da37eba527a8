import { ProblemError, type Route } from '@questline/contracts'
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import { createIntent, type InFlight, type Intent, readKey } from '../idempotency/idempotency.ts'
import { callerName, headerValues } from './access.ts'
import { NobodyWaits } from './connection-state.ts'
import type { Deadlines } from './deadlines.ts'
import type { Answer, Endpoint } from './endpoint.ts'
import type { HeadersFor } from './headers.ts'
import { toError } from './problems.ts'

/** Counts an answer of a route, and how long the request took. */
export type Observe = (status: number, request: FastifyRequest) => void

export type AnsweringParts = {
  readonly inFlight: InFlight
  readonly deadlines: Deadlines
  readonly headersFor: HeadersFor
  readonly isStopping: () => boolean
}

const JSON_TYPE = 'application/json; charset=utf-8'
const PROBLEM_TYPE = 'application/problem+json'
const NO_BODY = Buffer.alloc(0)
const TOOK_TOO_LONG =
  'It took too long. It may have been done: only a repeat with its key can tell.'

/**
 * Lets the endpoint handle what was admitted and validated, and writes what it answers. Problems go
 * through Fastify to the one place that renders them.
 */
export function answering(
  parts: AnsweringParts,
  endpoint: Endpoint,
  observe: Observe,
): RouteHandlerMethod {
  const { inFlight, deadlines } = parts
  const { route } = endpoint
  // No async function: each one around a handler costs every request two promises.
  return (request, reply) => {
    const intent = route.idempotent ? intentOf(route, request) : null
    const call = {
      body: request.body as never,
      query: request.query as never,
      params: request.params as never,
      caller: request.caller,
      intent,
      requestId: request.id,
      request,
    }
    const handled =
      intent === null ? endpoint.handle(call) : inFlight.run(intent, () => endpoint.handle(call))
    if (!(handled instanceof Promise)) return send(parts, request, reply, handled, observe)
    // Where an answer takes minutes, nobody is to be cut off for waiting. The next request on the
    // connection begins its time-out anew.
    if (route.takesMinutes) request.raw.socket.setTimeout(0)
    const watched = route.takesMinutes ? null : deadlines.begin(reply, TOOK_TOO_LONG)
    const isWaitedFor = (): boolean => {
      if (watched !== null) deadlines.end(watched)
      return !reply.sent
    }
    handled.then(
      (given) => {
        if (isWaitedFor()) send(parts, request, reply, given, observe)
      },
      (error) => {
        if (!isWaitedFor()) return
        if (error instanceof NobodyWaits) reply.hijack()
        else reply.send(toError(error))
      },
    )
  }
}

function intentOf(route: Route, request: FastifyRequest): Intent | null {
  if (request.headers['idempotency-key'] === undefined) return null
  const sent = headerValues(request, 'idempotency-key')
  if (sent.length > 1) {
    throw new ProblemError('idempotency-key-invalid', { detail: 'Two headers came; send one.' })
  }
  return createIntent({
    caller: callerName(request.caller),
    method: route.method,
    route: route.path,
    pathParameters: Object.values(request.params as Record<string, string>),
    mediaType: 'application/json',
    body: request.rawBody ?? NO_BODY,
    key: readKey(sent[0] ?? ''),
    requestId: request.id,
  })
}

function send(
  parts: AnsweringParts,
  request: FastifyRequest,
  reply: FastifyReply,
  given: Answer,
  observe: Observe,
): void {
  try {
    // Before anything is counted or sent: a body that does not fit its schema is a bug.
    const text = textOf(reply, given)
    observe(given.status, request)
    if (text === null) pass(parts, reply, given)
    else write(parts, request, reply, given, text)
  } catch (error) {
    reply.send(toError(error))
  }
}

/** Null: Fastify is to send it, which knows bytes and streams. */
function textOf(reply: FastifyReply, { status, body, headers }: Answer): string | null {
  if (headers !== undefined) return null
  if (typeof body === 'string') return body
  const serialize = reply.getSerializationFunction(String(status))
  return serialize ? serialize(body as Record<string, unknown>) : JSON.stringify(body)
}

function pass({ isStopping }: AnsweringParts, reply: FastifyReply, given: Answer): void {
  if (isStopping()) reply.header('connection', 'close')
  reply
    .code(given.status)
    .headers(given.headers ?? {})
    .send(given.body)
}

/** Straight to Node, in one piece: Fastify's reply handles each header several times. */
function write(
  { headersFor, isStopping }: AnsweringParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { status, body, replayed }: Answer,
  text: string,
): void {
  const headers = headersFor(request)
  // A string is a remembered problem: these bytes and no others, so no serialiser touches them.
  headers.push('content-type', typeof body === 'string' ? PROBLEM_TYPE : JSON_TYPE)
  headers.push('content-length', String(Buffer.byteLength(text)))
  if (replayed) headers.push('idempotency-replayed', 'true')
  // So that the client sends its next request to another server, and not into a closing connection.
  if (isStopping()) headers.push('connection', 'close')
  reply.hijack()
  reply.raw.writeHead(status, headers)
  reply.raw.end(text)
}
