import { hash } from 'node:crypto'
import { LIMITS, ProblemError } from '@questline/contracts'

/** What a client wants to happen once, however often it asks. */
export type Intent = {
  /**
   * Names the intent: key, route and caller, in this order. Keys that are UUIDv7, as our SDK makes
   * them, so lie side by side in the unique index, and a commit writes one page of it, not sixty.
   */
  readonly scope: string
  /** Names the request: a hash over everything that decides what it does. */
  readonly fingerprint: string
  /** The request that a remembered refusal is answered from. */
  readonly requestId: string
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
  // No part but the last can hold a line break, so two intents never share a scope.
  const scope = `${key}\n${method} ${route}\n${parts.caller}`
  const head = JSON.stringify([method, route, parts.pathParameters, parts.mediaType])
  // Latin-1 maps bytes to characters one to one, so the body may be hashed as text: 3 µs less.
  const fingerprint = hash('sha256', `${head}\n${bodyText(parts.body)}`, 'base64url')
  return { scope, fingerprint: fingerprint.slice(0, FINGERPRINT_CHARS), requestId }
}

/** 132 of SHA-256's bits. */
const FINGERPRINT_CHARS = 22

const bodyText = (body: Uint8Array): string =>
  Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')

/** The key that a scope was made from, for people. */
export const keyOf = (scope: string): string => scope.slice(0, scope.indexOf('\n'))

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
