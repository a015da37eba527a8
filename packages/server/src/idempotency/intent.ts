import { createHash } from 'node:crypto'
import { LIMITS, ProblemError } from '@questline/contracts'

/** What a client wants to happen once, however often it asks. */
export type Intent = {
  /** Names the intent: a hash over caller, method, route and key. */
  readonly scope: Uint8Array
  /** The key as the client sent it, without quotes. For people. */
  readonly key: string
  /** Names the request: a hash over everything that decides what it does. */
  readonly fingerprint: Uint8Array
  /** The request that a remembered refusal is answered from. */
  readonly requestId: string
}

/** 128 of SHA-256's bits: no two intents meet by chance, and the index stays half as large. */
const HASH_BYTES = 16

function hash(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const sha = createHash('sha256')
  for (const part of parts) {
    // A length before each part, so that ('ab', 'c') and ('a', 'bc') differ.
    sha.update(`${typeof part === 'string' ? Buffer.byteLength(part) : part.length}:`)
    sha.update(part)
  }
  return sha.digest().subarray(0, HASH_BYTES)
}

export type IntentParts = {
  /** The player, or app and scope of a key: rotating a key must not make a retry a new intent. */
  readonly caller: string
  readonly method: string
  /** The route's own path, whichever alias was called. */
  readonly route: string
  readonly pathParameters: readonly string[]
  readonly mediaType: string
  readonly body: Uint8Array
  readonly key: string
  readonly requestId: string
}

/** The raw bytes of the body are compared: a client keeps them together with the key. */
export function createIntent(parts: IntentParts): Intent {
  const { method, route, key, requestId } = parts
  return {
    scope: hash([parts.caller, method, route, key]),
    key,
    fingerprint: hash([method, route, ...parts.pathParameters, parts.mediaType, parts.body]),
    requestId,
  }
}

const BARE = /^[\x21\x23-\x2b\x2d-\x7e]+$/
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/

/**
 * The key of an `Idempotency-Key` header, quoted (IETF draft 07) or bare (Stripe): one key either way.
 * @throws ProblemError `idempotency-key-invalid`
 */
export function readKey(header: string): string {
  const quoted = QUOTED.exec(header)?.[1]?.replace(/\\(["\\])/g, '$1')
  const key = quoted ?? (BARE.test(header) ? header : '')
  if (key.length >= 1 && key.length <= LIMITS.idempotencyKeyCharsMax) return key
  throw new ProblemError('idempotency-key-invalid', {
    detail: `Send one key of 1 to ${LIMITS.idempotencyKeyCharsMax} printable ASCII characters, in double quotes or without spaces, commas and quotes.`,
  })
}

/** A scope as a key for maps. */
export const scopeText = (scope: Uint8Array): string =>
  Buffer.from(scope.buffer, scope.byteOffset, scope.byteLength).toString('latin1')

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
