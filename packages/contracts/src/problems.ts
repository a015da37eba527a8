import { type Static, Type } from 'typebox'

/**
 * Every failure that a request can meet, in one table. `code` is what a client switches on; `retry`
 * says whether the same request, with the same Idempotency-Key, may succeed later.
 * Rendered as RFC 9457 documents; explained for people in docs/problems.md.
 */
export const PROBLEMS = {
  'malformed-body': { status: 400, title: 'The body cannot be parsed.', retry: false },
  'malformed-request': { status: 400, title: 'The request cannot be parsed.', retry: false },
  'idempotency-key-missing': {
    status: 400,
    title: 'This route needs an Idempotency-Key.',
    retry: false,
  },
  'idempotency-key-invalid': {
    status: 400,
    title: 'The Idempotency-Key is not usable.',
    retry: false,
  },
  unauthenticated: { status: 401, title: 'Credentials are needed.', retry: false },
  'invalid-token': { status: 401, title: 'The token or key is not valid.', retry: false },
  'invalid-credentials': { status: 401, title: 'The credentials are not valid.', retry: false },
  'invalid-signature': { status: 401, title: 'The postback is not verified.', retry: false },
  forbidden: { status: 403, title: 'These credentials do not allow this.', retry: false },
  'not-your-account': { status: 403, title: 'The body names another player.', retry: false },
  'door-closed': { status: 403, title: 'This way in is closed on this server.', retry: false },
  'password-required': {
    status: 403,
    title: 'This account logs in with a password.',
    retry: false,
  },
  'reserved-id': {
    status: 403,
    title: 'This userId is reserved for registered players.',
    retry: false,
  },
  'device-secret-unbound': {
    status: 403,
    title: 'This account has no device secret yet.',
    retry: false,
  },
  'wrong-app': { status: 403, title: 'The event names another app than the key.', retry: false },
  'not-found': { status: 404, title: 'There is nothing here.', retry: false },
  'unknown-player': { status: 404, title: 'There is no such player.', retry: false },
  'no-report': { status: 404, title: 'There is no such report yet.', retry: false },
  'method-not-allowed': { status: 405, title: 'This path has other methods.', retry: false },
  'not-acceptable': {
    status: 406,
    title: 'No representation fits the Accept header.',
    retry: false,
  },
  'request-timeout': { status: 408, title: 'The request did not arrive in time.', retry: true },
  'username-taken': { status: 409, title: 'The username is taken.', retry: false },
  'insufficient-funds': { status: 409, title: 'The balance is too small.', retry: false },
  'balance-limit': { status: 409, title: 'The balance would exceed its limit.', retry: false },
  'daily-earn-limit': { status: 409, title: 'The daily earn limit is reached.', retry: false },
  'idempotency-key-in-use': {
    status: 409,
    title: 'A request with this key is being processed.',
    retry: true,
  },
  'event-id-conflict': {
    status: 409,
    title: 'The event id was used with other contents.',
    retry: false,
  },
  'transaction-conflict': {
    status: 409,
    title: 'The store transaction was reported with other contents.',
    retry: false,
  },
  'run-in-progress': { status: 409, title: 'A run of the reports is in progress.', retry: true },
  'body-too-large': { status: 413, title: 'The body is too large.', retry: false },
  'batch-too-large': { status: 413, title: 'The batch has too many events.', retry: false },
  'uri-too-long': { status: 414, title: 'The URL is too long.', retry: false },
  'unsupported-media-type': {
    status: 415,
    title: 'The content type is not supported.',
    retry: false,
  },
  'unsupported-encoding': {
    status: 415,
    title: 'The content encoding is not supported.',
    retry: false,
  },
  'invalid-request': { status: 422, title: 'The request does not match its schema.', retry: false },
  'idempotency-key-reused': {
    status: 422,
    title: 'The key was used with another request.',
    retry: false,
  },
  'device-secret-required': {
    status: 422,
    title: 'A new guest needs a deviceSecret.',
    retry: false,
  },
  'password-too-common': { status: 422, title: 'The password is too common.', retry: false },
  'reserved-event-type': {
    status: 422,
    title: 'Only the server writes this event type.',
    retry: false,
  },
  'too-many-requests': { status: 429, title: 'The rate limit is reached.', retry: true },
  'headers-too-large': { status: 431, title: 'The headers are too large.', retry: false },
  'internal-error': {
    status: 500,
    title: 'The server failed; the request id names its log line.',
    retry: true,
  },
  overloaded: { status: 503, title: 'The server is busy.', retry: true },
  'store-unavailable': { status: 503, title: 'The database cannot be reached.', retry: true },
  'shutting-down': { status: 503, title: 'The server is stopping.', retry: true },
} as const satisfies Record<string, { status: number; title: string; retry: boolean }>

export type ProblemCode = keyof typeof PROBLEMS

export const FieldError = Type.Object({
  pointer: Type.String({ description: 'JSON pointer of the value at fault, as `#/amount`.' }),
  detail: Type.String(),
})
export type FieldError = Static<typeof FieldError>

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Opens the explanation of `code` on this server.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    instance: Type.String({ description: 'This one occurrence.' }),
    code: Type.String({ description: 'Switch on this; titles and details may change.' }),
    request_id: Type.String(),
    errors: Type.Optional(Type.Array(FieldError)),
  },
  { title: 'Problem', description: 'RFC 9457 problem document.' },
)
export type Problem = Static<typeof Problem>

export type ProblemParts = {
  readonly requestId: string
  readonly detail?: string | undefined
  readonly errors?: readonly FieldError[] | undefined
}

/** The document for `code`. The same parts give the same bytes, which remembered refusals rely on. */
export function problemDocument(code: ProblemCode, parts: ProblemParts): Problem {
  const { status, title } = PROBLEMS[code]
  return {
    type: `/problems/${code}`,
    title,
    status,
    ...(parts.detail === undefined ? {} : { detail: parts.detail }),
    instance: `urn:request:${parts.requestId}`,
    code,
    request_id: parts.requestId,
    ...(parts.errors === undefined ? {} : { errors: [...parts.errors] }),
  }
}

/** A request that fails in a way this table knows. Everything else that is thrown is a bug. */
export class ProblemError extends Error {
  readonly code: ProblemCode
  readonly detail: string | undefined
  readonly errors: readonly FieldError[] | undefined
  /** Seconds after which a retry can help. */
  readonly retryAfter: number | undefined

  constructor(
    code: ProblemCode,
    parts: {
      readonly detail?: string
      readonly errors?: readonly FieldError[]
      readonly retryAfter?: number
      readonly cause?: unknown
    } = {},
  ) {
    super(parts.detail ?? PROBLEMS[code].title, { cause: parts.cause })
    this.name = 'ProblemError'
    this.code = code
    this.detail = parts.detail
    this.errors = parts.errors
    this.retryAfter = parts.retryAfter
  }
}
