import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { createSigner } from 'fast-jwt'
import { describe, expect, it } from 'vitest'
import { aClock } from '../../../../tests/fresh-accounts.ts'
import { createAccessTokens } from './access-tokens.ts'

const SECRET = 'a test secret of at least 32 bytes'
const PREVIOUS = 'the secret that was used before it'
const SETTINGS = { jwtSecret: SECRET, jwtTtlMinutes: 120 }
const clock = aClock()
const now = Math.floor(clock.now() / 1_000)
const tokens = createAccessTokens(clock, SETTINGS)

const HEADER = { alg: 'HS256', typ: 'at+jwt' }
const CLAIMS = {
  iss: 'questline',
  aud: 'questline-api',
  sub: 'ada',
  sid: 'm1-abc',
  iat: now,
  exp: now + 7_200,
}

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const hmac = (input: string, hash = 'sha256', secret = SECRET): string =>
  createHmac(hash, secret).update(input).digest('base64url')

/** A token with a signature that is right for what it says; `claims` also as text, for what no serialiser writes. */
const forge = (claims: object | string = CLAIMS, header: object = HEADER, hash = 'sha256') => {
  const input = `${part(header)}.${part(claims)}`
  return `${input}.${hmac(input, hash)}`
}
const claimsWith = (changes: object): string => forge({ ...CLAIMS, ...changes })
const claimsAs = (from: string, to: string): string =>
  forge(JSON.stringify(CLAIMS).replace(from, to))
const headerWith = (changes: object): string => forge(CLAIMS, { ...HEADER, ...changes })

function without(claim: keyof typeof CLAIMS): string {
  const { [claim]: _, ...rest } = CLAIMS
  return forge(rest)
}

const flipped = (index: number): string =>
  forge()
    .split('.')
    .map((text, i) => (i === index ? text.slice(0, 5) + other(text[5]) + text.slice(6) : text))
    .join('.')
const other = (letter = ''): string => (letter === 'A' ? 'B' : 'A')

/** The same bytes under another last letter: 43 letters hold 258 bits, of which 256 count. */
function spareBits(): string {
  const token = forge()
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return token.slice(0, -1) + letters[letters.indexOf(token.slice(-1)) + 1]
}

function signedWithPrivateKey(algorithm: 'RS256' | 'ES256'): string {
  const { privateKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const input = `${part({ ...HEADER, alg: algorithm })}.${part(CLAIMS)}`
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
}

describe('an access token', () => {
  it('is what a JWT library makes of these claims', () => {
    const signer = createSigner({ key: SECRET, algorithm: 'HS256', header: HEADER })
    for (const sub of ['ada', 'ÄÖ 🎮 日本', '"\\']) {
      expect(tokens.sign(sub, 'm1-abc')).toBe(signer({ ...CLAIMS, sub }))
    }
  })

  it('names its player and session until it ends', () => {
    const caller = tokens.read(tokens.sign('ada', 'm1-abc'))
    expect(caller).toEqual({
      kind: 'player',
      playerId: 'ada',
      sessionId: 'm1-abc',
      expiresAt: (now + 7_200) * 1_000,
    })
  })

  it.each(['ada', 'ÄÖ 🎮', 'back\\slash', 'tab\tand\u0001', '名前', 'x'.repeat(255)])(
    'carries the player %j unchanged',
    (playerId) => {
      expect(tokens.read(tokens.sign(playerId, 'm1-abc'))?.playerId).toBe(playerId)
    },
  )

  it('is the one that the forger of these tests makes, so what he changes is what is refused', () => {
    expect(forge()).toBe(tokens.sign('ada', 'm1-abc'))
  })

  it('ends at its expiry by the clock that was passed in', () => {
    const later = aClock()
    const own = createAccessTokens(later, SETTINGS)
    const token = own.sign('ada', 'm1-abc')
    later.advance(7_199_999)
    expect(own.read(token)).not.toBeNull()
    later.advance(1)
    expect(own.read(token)).toBeNull()
  })

  it('ends earlier when the setting was made shorter', () => {
    const later = aClock()
    const token = createAccessTokens(later, SETTINGS).sign('ada', 'm1-abc')
    const shorter = createAccessTokens(later, { ...SETTINGS, jwtTtlMinutes: 1 })
    later.advance(60_000)
    expect(shorter.read(token)).toBeNull()
  })

  it('under the previous secret is read, but never made', () => {
    const before = createAccessTokens(clock, { ...SETTINGS, jwtSecret: PREVIOUS })
    const rotated = createAccessTokens(clock, { ...SETTINGS, jwtSecretPrevious: PREVIOUS })
    expect(rotated.read(before.sign('ada', 'm1-abc'))?.playerId).toBe('ada')
    expect(before.read(rotated.sign('ada', 'm1-abc'))).toBeNull()
    expect(tokens.read(before.sign('ada', 'm1-abc'))).toBeNull()
  })

  it('may be up to a minute ahead of this clock', () => {
    expect(tokens.read(claimsWith({ iat: now + 60 }))).not.toBeNull()
    expect(tokens.read(claimsWith({ nbf: now + 60 }))).not.toBeNull()
  })
})

const unsigned = (alg: string): string => `${part({ ...HEADER, alg })}.${part(CLAIMS)}.`
const PUBLIC_KEY = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey
const PEM = PUBLIC_KEY.export({ type: 'spki', format: 'pem' }).toString()
const underPublicKey = (): string => {
  const input = `${part(HEADER)}.${part(CLAIMS)}`
  return `${input}.${hmac(input, 'sha256', PEM)}`
}

const REFUSED: readonly (readonly [string, string])[] = [
  ['J1 algorithm none', unsigned('none')],
  ['J1 algorithm None', unsigned('None')],
  ['J1 algorithm nOnE', unsigned('nOnE')],
  ['J1 algorithm none with a signature', headerWith({ alg: 'none' })],
  ['J1 empty signature', forge().replace(/[^.]+$/, '')],
  ['J2 HS512 with our secret', forge(CLAIMS, { ...HEADER, alg: 'HS512' }, 'sha512')],
  ['J2 HS384 with our secret', forge(CLAIMS, { ...HEADER, alg: 'HS384' }, 'sha384')],
  ['J2 HS512 in the header only', headerWith({ alg: 'HS512' })],
  ['J2 RS256', signedWithPrivateKey('RS256')],
  ['J2 ES256', signedWithPrivateKey('ES256')],
  ['J2 a public key as the secret', underPublicKey()],
  ['J3 a bit flipped in the header', flipped(0)],
  ['J3 a bit flipped in the claims', flipped(1)],
  ['J3 a bit flipped in the signature', flipped(2)],
  ['J3 spare bits in the last letter', spareBits()],
  ['J3 padding', `${forge()}=`],
  ['J3 trailing data', `${forge()}AAAA`],
  ['J3 trailing space', `${forge()} `],
  ['J3 line break inside', forge().replace('.', '.\n')],
  ['J3 base64 instead of base64url', forge({ ...CLAIMS, sub: '???>>>' }).replaceAll('_', '/')],
  ['J3 two parts', forge().split('.').slice(0, 2).join('.')],
  ['J3 four parts', `${forge()}.${part('x')}`],
  ['J3 an empty fourth part', `${forge()}.`],
  ['J3 nothing', ''],
  ['J3 dots', '..'],
  ['J4 jwk', headerWith({ jwk: { kty: 'oct', k: part('attacker') } })],
  ['J4 jku', headerWith({ jku: 'https://attacker.example/keys' })],
  ['J4 x5u', headerWith({ x5u: 'https://attacker.example/cert' })],
  ['J4 kid of a file', headerWith({ kid: '../../dev/null' })],
  ['J4 kid with SQL', headerWith({ kid: "' OR 1=1 --" })],
  ['J4 crit', headerWith({ crit: ['exp'] })],
  ['J5 expired', claimsWith({ exp: now })],
  ['J5 exp missing', without('exp')],
  ['J5 exp a string', claimsWith({ exp: String(now + 7_200) })],
  ['J5 exp null, as NaN is written', claimsWith({ exp: Number.NaN })],
  ['J5 exp NaN in the text', claimsAs(`${now + 7_200}`, 'NaN')],
  ['J5 exp 1e400', claimsAs(`${now + 7_200}`, '1e400')],
  ['J5 exp with a fraction', claimsWith({ exp: now + 7_200.5 })],
  ['J5 exp in a list', claimsWith({ exp: [now + 7_200] })],
  ['J5 exp true', claimsWith({ exp: true })],
  ['J5 exp negative', claimsWith({ exp: -1 })],
  ['J5 iat missing', without('iat')],
  ['J5 iat a string', claimsWith({ iat: String(now) })],
  ['J5 iat 61 s ahead', claimsWith({ iat: now + 61 })],
  ['J5 nbf 61 s ahead', claimsWith({ nbf: now + 61 })],
  ['J5 nbf a string', claimsWith({ nbf: '0' })],
  ['J6 another issuer', claimsWith({ iss: 'elsewhere' })],
  ['J6 issuer missing', without('iss')],
  ['J6 another audience', claimsWith({ aud: 'console' })],
  ['J6 our audience in a list', claimsWith({ aud: ['questline-api', 'console'] })],
  ['J6 audience missing', without('aud')],
  ['J6 type of a refresh token', headerWith({ typ: 'rt+jwt' })],
  ['J6 type JWT', headerWith({ typ: 'JWT' })],
  ['J6 no type', forge(CLAIMS, { alg: 'HS256' })],
  ['J6 a refresh token as it is', part('a refresh token of some 32 bytes')],
  ['J10 8 KiB', claimsWith({ note: 'x'.repeat(6_000) })],
  ['J10 8 KiB of dots', '.'.repeat(8_192)],
  ['J11 __proto__ claim', claimsAs('"sid"', '"__proto__":{"sub":"eve"},"sid"')],
  ['J11 __proto__ instead of sub', claimsAs('"sub":"ada"', '"__proto__":{"sub":"ada"}')],
  ['J11 sub twice', claimsAs('"sub":"ada"', '"sub":"eve","sub":"ada"')],
  ['J11 sub in escapes', claimsAs('"sub":"ada"', '"sub":"\\u0061da"')],
  ['J11 name of sub in escapes', claimsAs('"sub"', '"\\u0073ub"')],
  ['J11 white space in the claims', claimsAs('{', '{ ')],
  ['J11 sub missing', without('sub')],
  ['J11 sub empty', claimsWith({ sub: '' })],
  ['J11 sub a number', claimsWith({ sub: 7 })],
  ['J11 sub a list', claimsWith({ sub: ['ada'] })],
  ['J11 sid missing', without('sid')],
  ['J11 sid empty', claimsWith({ sid: '' })],
  ['J11 claims a list', forge('[]')],
  ['J11 claims null', forge('null')],
  ['J11 claims no JSON', forge('{"sub":')],
]

describe('a token that is refused', () => {
  it.each(REFUSED)('%s', (_name, token) => {
    expect(tokens.read(token)).toBeNull()
  })

  it('leaves prototypes as they were', () => {
    expect(Reflect.get({}, 'sub')).toBeUndefined()
  })
})
