import type {} from '@fastify/swagger'
import { ProblemError, type Route } from '@questline/contracts'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
  preValidationHookHandler,
  RouteOptions,
} from 'fastify'
import type { Accounts } from '../accounts/accounts.ts'
import type { Attribution } from '../attribution/attribution.ts'
import { createIntent, type InFlight, type Intent, readKey } from '../idempotency/idempotency.ts'
import { accepts } from './accept.ts'
import { authorize, callerName, headerValues, identify, seemsToBearKey } from './access.ts'
import type { Deadlines } from './deadlines.ts'
import type { Answer, Caller, Endpoint } from './endpoint.ts'
import type { Limits } from './limits.ts'
import type { HttpParts } from './parts.ts'

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
  interface FastifyContextConfig {
    /** Counts an answer of this route. */
    observe?: (status: number, elapsedMs: number) => void
  }
}

export type ServeParts = {
  readonly accounts: Accounts
  readonly attribution: Attribution
  readonly inFlight: InFlight
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly shed: (route: Route) => void
  readonly isStopping: () => boolean
  readonly observer: HttpParts['observer']
}

const NO_BODY = Buffer.alloc(0)
const NOBODY: Caller = { kind: 'nobody' }
const ALL_METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'TRACE'] as const

/** Serves every endpoint under its path and its aliases, and 405 for the other methods of those paths. */
export function serveEndpoints(
  app: FastifyInstance,
  parts: ServeParts,
  endpoints: readonly Endpoint[],
): void {
  app.decorateRequest('caller')
  const methods = new Map<string, string[]>()
  for (const endpoint of endpoints) {
    const { path, aliases, method } = endpoint.route
    for (const url of [path, ...aliases]) {
      app.route({ ...optionsFor(parts, parts.limits.guarded(endpoint), url !== path), url })
      methods.set(url, [...(methods.get(url) ?? []), method])
    }
  }
  for (const url of methods.keys()) refuseOtherMethods(app, url, methodsAt(url, methods))
}

/** `/user/update` is also a `/user/:userId`: it has the methods of both. */
const methodsAt = (url: string, methods: ReadonlyMap<string, readonly string[]>): string[] =>
  [...methods].flatMap(([pattern, known]) => (fits(url, pattern) ? known : []))

function fits(url: string, pattern: string): boolean {
  const segments = pattern.split('/')
  const parts = url.split('/')
  return (
    parts.length === segments.length &&
    segments.every((segment, index) => segment === parts[index] || segment.startsWith(':'))
  )
}

export function refuseOtherMethods(app: FastifyInstance, url: string, known: readonly string[]) {
  const allow = [...new Set(known.includes('GET') ? [...known, 'HEAD'] : known)]
  app.route({
    method: ALL_METHODS.filter((method) => !allow.includes(method)),
    url,
    schema: { hide: true },
    onRequest: (_request, reply, done) => {
      reply.header('allow', [...allow, 'OPTIONS'].join(', '))
      done(new ProblemError('method-not-allowed'))
    },
    handler: () => undefined,
  })
}

function optionsFor(
  parts: ServeParts,
  endpoint: Endpoint,
  alias: boolean,
): Omit<RouteOptions, 'url'> {
  const { route } = endpoint
  const before = admit(parts, route)
  const observe = observeAnswers(parts, route)
  return {
    method: route.method,
    ...(route.bodyBytesMax === undefined ? {} : { bodyLimit: route.bodyBytesMax }),
    schema: schemaOf(route, alias),
    onRequest: before,
    ...(route.query ? { preValidation: refuseUnclearQuery } : {}),
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const given = await answer(parts, endpoint, request, reply)
      if (reply.sent) return reply
      observe(given.status, reply.elapsedTime)
      // So that the client sends its next request to another server, and not into a closing connection.
      if (parts.isStopping()) reply.header('connection', 'close')
      return send(reply, given)
    },
    config: { observe },
  }
}

/**
 * Label values are looked up once per status, not once per request. Called when an answer is
 * handed over: a hook on its end would cost every request two listeners.
 */
function observeAnswers(parts: ServeParts, route: Route) {
  const byStatus = new Map<number, (seconds: number) => void>()
  return (status: number, elapsedMs: number): void => {
    let observe = byStatus.get(status)
    if (!observe) {
      observe = parts.observer([route.path, route.method, String(status)])
      byStatus.set(status, observe)
    }
    observe(elapsedMs / 1_000)
  }
}

function schemaOf(route: Route, alias: boolean) {
  return {
    ...(route.body ? { body: route.body } : {}),
    ...(route.query ? { querystring: route.query } : {}),
    ...(route.params ? { params: route.params } : {}),
    response: route.responses,
    ...(alias ? { hide: true } : {}),
  }
}

/** Cheapest refusals first: stopping, overload, rate of the address, then the caller. */
function admit(parts: ServeParts, route: Route): onRequestHookHandler {
  const needsCaller = route.access !== 'anyone' && route.access !== 'verifier'
  // Probes and providers send odd headers, and neither reads the answer: theirs are let be.
  const { produces = ['application/json'] } = route
  const readsAnswer = route.tag !== 'Operations' && route.access !== 'verifier'
  return (request, reply, done) => {
    try {
      if (parts.isStopping() && route.tag !== 'Operations') {
        reply.header('connection', 'close')
        throw new ProblemError('shutting-down', { retryAfter: 1 })
      }
      parts.shed(route)
      if (readsAnswer && !produces.some((type) => accepts(request.headers.accept, type))) {
        const detail = `All answers are ${produces.join(', ')}.`
        throw new ProblemError('not-acceptable', { detail })
      }
      if (needsCaller && seemsToBearKey(parts.accounts, request)) {
        admitKey(parts, route, request).then(() => done(), done)
        return
      }
      parts.limits.beforeRoute(route, request.ip)
      if (route.access === 'verifier') request.proveBody = proof(parts, request)
      if (!needsCaller) {
        request.caller = NOBODY
        return done()
      }
      const caller = identify(parts.accounts, request)
      if (caller instanceof Promise) {
        caller.then((known) => admitCaller(parts, route, request, known)).then(() => done(), done)
      } else {
        admitCaller(parts, route, request, caller)
        done()
      }
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

/** A postback is proven over its raw bytes, before anything is made of them. */
function proof(parts: ServeParts, request: FastifyRequest) {
  return (rawBody: Buffer): void => {
    const header = (name: string) => headerValues(request, name)
    parts.attribution.verify({ rawBody, header, address: request.ip })
  }
}

function admitCaller(parts: ServeParts, route: Route, request: FastifyRequest, caller: Caller) {
  authorize(route.access, caller)
  parts.limits.afterIdentified(caller)
  request.caller = caller
}

/** Keys come first: most of them have no limit, and which do is known once they are checked. */
async function admitKey(parts: ServeParts, route: Route, request: FastifyRequest): Promise<void> {
  const refused = (error: unknown): never => {
    parts.limits.afterKey(route, request.ip, null)
    throw error
  }
  const caller = await Promise.try(identify, parts.accounts, request).catch(refused)
  parts.limits.afterKey(route, request.ip, caller)
  authorize(route.access, caller)
  request.caller = caller
}

/** `?uid=a&uid=b` has no meaning here, and must not be read as either. `%ZZ` is no text. */
const refuseUnclearQuery: preValidationHookHandler = (request, _reply, done) => {
  if (!isDecodable(request.url)) {
    const detail = 'The query string is not percent-encoded UTF-8.'
    return done(new ProblemError('malformed-request', { detail }))
  }
  for (const [name, value] of Object.entries(request.query as object)) {
    if (!Array.isArray(value)) continue
    const detail = `The query parameter ${name} stands there twice.`
    return done(new ProblemError('malformed-request', { detail }))
  }
  done()
}

function isDecodable(url: string): boolean {
  if (!url.includes('%')) return true
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}

/** As a deadline that never comes. */
const unwatched = (expire: () => void) => ({ since: Number.POSITIVE_INFINITY, expire })

async function answer(
  parts: ServeParts,
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Answer> {
  const intent = endpoint.route.idempotent ? intentOf(endpoint.route, request) : null
  const call = {
    body: request.body as never,
    query: request.query as never,
    params: request.params as never,
    caller: request.caller,
    intent,
    requestId: request.id,
    request,
  }
  // Where an answer takes minutes, nobody is to be cut off for waiting. The next request on the
  // connection begins its time-out anew.
  if (endpoint.route.takesMinutes) request.raw.socket.setTimeout(0)
  const begin = endpoint.route.takesMinutes ? unwatched : parts.deadlines.begin
  const watched = begin(() => {
    const detail = 'It took too long. It may have been done: only a repeat with its key can tell.'
    reply.send(new ProblemError('overloaded', { detail, retryAfter: 1 }))
  })
  try {
    return await (intent === null
      ? endpoint.handle(call)
      : parts.inFlight.run(intent, () => endpoint.handle(call)))
  } finally {
    parts.deadlines.end(watched)
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

function send(reply: FastifyReply, { status, body, replayed, headers }: Answer) {
  reply.code(status)
  if (headers) reply.headers(headers)
  if (replayed) reply.header('idempotency-replayed', 'true')
  if (typeof body !== 'string') return reply.send(body)
  // A remembered answer: these bytes and no others, so no serialiser touches them.
  return reply
    .header('content-type', 'application/problem+json')
    .serializer((text: unknown) => String(text))
    .send(body)
}
