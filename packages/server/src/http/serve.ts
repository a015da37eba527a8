import type {} from '@fastify/swagger'
import { ProblemError, type Route } from '@questline/contracts'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { type AdmissionParts, admit, refuseUnclearQuery } from './admission.ts'
import { type AnsweringParts, answering, type Observe } from './answering.ts'
import type { Endpoint } from './endpoint.ts'
import type { HttpParts } from './parts.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    observe?: Observe
  }
}

export type ServeParts = AdmissionParts & AnsweringParts & Pick<HttpParts, 'clock' | 'observer'>

const ALL_METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'TRACE'] as const

/** Serves every endpoint under its path and its aliases, and 405 for the other methods of those paths. */
export function serveEndpoints(
  app: FastifyInstance,
  parts: ServeParts,
  endpoints: readonly Endpoint[],
): void {
  if (!app.hasRequestDecorator('caller')) app.decorateRequest('caller')
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
  const observe = observeAnswers(parts, route)
  return {
    method: route.method,
    schema: schemaOf(route, alias),
    onRequest: admit(parts, route),
    ...(route.query ? { preValidation: refuseUnclearQuery } : {}),
    handler: answering(parts, endpoint, observe),
    config: { observe },
  }
}

/**
 * Label values are looked up once per status, not once per request. Called when an answer is
 * handed over: a hook on its end would cost every request two listeners.
 */
function observeAnswers(parts: ServeParts, route: Route): Observe {
  const byStatus = new Map<number, (seconds: number) => void>()
  return (status, { since }) => {
    let observe = byStatus.get(status)
    if (!observe) {
      observe = parts.observer([route.path, route.method, String(status)])
      byStatus.set(status, observe)
    }
    observe((parts.clock.monotonic() - since) / 1_000)
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
