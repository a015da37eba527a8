// JSON web tokens as an attacker would forge them, made without the server's code.
import { createHmac } from 'node:crypto'

const base64url = (text: string | Buffer): string => Buffer.from(text).toString('base64url')

export type Forged = {
  readonly secret: string
  readonly header?: object
  readonly claims?: object
  /** Of the HMAC; what the header says may differ. */
  readonly hash?: 'sha256' | 'sha512'
}

/** The claims of a token as the server makes it. */
export function claimsOf(token: string): Record<string, unknown> {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  return JSON.parse(payload) as Record<string, unknown>
}

/** A token with the claims of `token`, changed and signed anew. */
export function forge(token: string, { secret, header, claims, hash = 'sha256' }: Forged): string {
  const head = base64url(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', ...header }))
  const payload = base64url(JSON.stringify({ ...claimsOf(token), ...claims }))
  const signed = `${head}.${payload}`
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`
}
