import { type TSchema, Type } from 'typebox'
import { LIMITS } from './limits.ts'
import type { ProblemCode } from './problems.ts'

/**
 * Who may call a route.
 * - `anyone`: no credentials are looked at
 * - `optional`: with or without a player's token or an operator key
 * - `player`: a player's token
 * - `player-or-server`: a player's token for itself, or a server key that names the player
 * - `player-or-operator`: a player's token for itself, or an operator key
 * - `ingest`: an ingest key, which a whole game shares
 * - `operator`: an operator key; one that is made for an app sees that app
 * - `operator-of-all`: an operator key that is made for no app, since what it gets is of all of them
 * - `operator-or-door`: such a key, or nobody in particular where the server opens that door
 * - `verifier`: proven by the postback's own signature, token or address
 */
export type Access =
  | 'anyone'
  | 'optional'
  | 'player'
  | 'player-or-server'
  | 'player-or-operator'
  | 'ingest'
  | 'operator'
  | 'operator-of-all'
  | 'operator-or-door'
  | 'verifier'

/** One endpoint as data. The server adds a handler; OpenAPI and the Postman collection are made from it. */
export type Route = {
  /** Also the operationId. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  /** The same route under the briefs' other names: same key scope, same limits, same answers. */
  readonly aliases: readonly string[]
  readonly tag: string
  readonly summary: string
  readonly description: string
  readonly access: Access
  /** Whether the route takes an `Idempotency-Key` (always optional in this API). */
  readonly idempotent: boolean
  /** Its answer may take minutes: the deadline of handlers and the time-out of idle connections do not count. */
  readonly takesMinutes?: true
  /** The media types of its answers, where they are not `application/json` alone. */
  readonly produces?: readonly string[]
  readonly bodyBytesMax?: number
  /** Where a body may come compressed: how many bytes it may be after that. */
  readonly inflatedBytesMax?: number
  readonly body?: TSchema
  readonly query?: TSchema
  readonly params?: TSchema
  readonly responses: Readonly<Record<number, TSchema>>
  readonly problems: readonly ProblemCode[]
}

/** Fixes a route's literal types, so that handlers are typed from their contract. */
export const defineRoute = <const R extends Route>(route: R): R => route

/** `text` is checked by the server: no NUL, no lone surrogate, so both databases store the same thing. */
export const Text = (charsMin: number, charsMax: number, description: string) =>
  Type.String({ minLength: charsMin, maxLength: charsMax, format: 'text', description })

export const UserId = Type.String({
  minLength: 1,
  maxLength: LIMITS.userIdCharsMax,
  pattern: '^\\s*[^<>"\'\\s]([^<>"\']*[^<>"\'\\s])?\\s*$',
  format: 'text',
  description: 'White space around it is dropped; none of `< > " \'`.',
  examples: ['player_12345'],
})

export const Currency = Type.String({
  pattern: '^[a-z][a-z0-9_]{0,31}$',
  description: 'A currency of the game; the server setting names the default.',
  examples: ['coins'],
})

/** Shown in answers, where the stored value needs no second check. */
export const Shown = Type.String()
export const ShownInteger = Type.Integer()
export const Instant = Type.String({
  format: 'date-time',
  description: 'RFC 3339 in UTC with milliseconds.',
  examples: ['2026-03-01T12:00:00.000Z'],
})

export const PageSize = Type.Integer({
  minimum: 1,
  maximum: LIMITS.pageSizeMax,
  default: LIMITS.pageSizeDefault,
})
export const Offset = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 })
export const Cursor = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: '^[A-Za-z0-9_-]+$',
  description: '`nextCursor` of the page before. Stays exact while new rows arrive.',
})
