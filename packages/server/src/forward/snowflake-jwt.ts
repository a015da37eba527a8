import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto'

/** The service refuses a token that is valid for longer than an hour. */
const LIFETIME_MS = 59 * 60_000

export type KeyPairLogin = {
  /** Without region and cloud, as `MYORG-ACCOUNT1`. */
  readonly account: string
  readonly user: string
  readonly privateKey: KeyObject
}

/**
 * A token that proves who we are: signed with the private key whose public half the user has in
 * Snowflake (`RSA_PUBLIC_KEY`), and named after that one's fingerprint.
 * @param now wall clock, milliseconds since the epoch
 */
export function keyPairToken({ account, user, privateKey }: KeyPairLogin, now: number): string {
  // Names are compared in upper case; with any other the service only says that the token is invalid.
  const subject = `${account}.${user}`.toUpperCase()
  const claims = {
    iss: `${subject}.${fingerprintOf(privateKey)}`,
    sub: subject,
    iat: Math.floor(now / 1_000),
    exp: Math.floor((now + LIFETIME_MS) / 1_000),
  }
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(signed), privateKey)
  return `${signed}.${signature.toString('base64url')}`
}

/** As `DESCRIBE USER` shows it in `RSA_PUBLIC_KEY_FP`. */
export function fingerprintOf(privateKey: KeyObject): string {
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return `SHA256:${createHash('sha256').update(der).digest('base64')}`
}

const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url')
