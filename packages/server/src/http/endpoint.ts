import type { Readable } from 'node:stream'
import { ProblemError, type Route } from '@questline/contracts'
import type { FastifyRequest } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { Intent } from '../idempotency/idempotency.ts'

/** Who calls. A route's `access` decides which of these reach its handler. */
export type Caller =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'player'; readonly playerId: string; readonly sessionId: string }
  | {
      readonly kind: 'key'
      readonly keyId: string
      readonly scope: 'ingest' | 'server' | 'operator'
      readonly app: string | null
    }

type Shape<S> = S extends TSchema ? Static<S> : undefined

export type Call<R extends Route = Route> = {
  readonly body: Shape<R['body']>
  readonly query: Shape<R['query']>
  readonly params: Shape<R['params']>
  readonly caller: Caller
  /** Null when the route takes no key or none was sent. */
  readonly intent: Intent | null
  readonly requestId: string
  readonly request: FastifyRequest
}

export type Answer = {
  readonly status: number
  /** An object is serialised by the route's schema; a string, bytes and a stream are sent as they are. */
  readonly body: object | string | Readable
  /** Of this answer, beside those that every answer bears. */
  readonly headers?: Readonly<Record<string, string>>
  readonly replayed?: boolean
}

export type Endpoint = {
  readonly route: Route
  readonly handle: (call: Call) => Answer | Promise<Answer>
}

/** Pairs a route of the contract with the code that answers it. */
export function endpoint<R extends Route>(
  route: R,
  handle: (call: Call<R>) => Answer | Promise<Answer>,
): Endpoint {
  // Sound because the validator has checked the request against this very route.
  return { route, handle: handle as Endpoint['handle'] }
}

export const ok = (body: object): Answer => ({ status: 200, body })

/** The player that a route for players is about. */
export function ownId(caller: Caller): string {
  if (caller.kind !== 'player') throw new ProblemError('unauthenticated')
  return caller.playerId
}

/**
 * The player that a path or query names, as far as the caller may see it. Somebody else's is the
 * same 404 as nobody's, and is not even looked up.
 */
export function visibleId(caller: Caller, named: string): string {
  const userId = named.trim()
  const own = caller.kind === 'player' && caller.playerId === userId
  const operator = caller.kind === 'key' && caller.scope === 'operator'
  if (own || operator) return userId
  throw new ProblemError('unknown-player')
}
