import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP } from 'node:net'

/** What proves a postback. Header names are read in any letter case. */
export type VerifierSettings =
  /** HMAC-SHA256 over the raw body as 64 hex digits. During a rotation both secrets hold. */
  | { readonly kind: 'hmac'; readonly header: string; readonly secrets: readonly string[] }
  /** A token that was agreed upon, sent along with each postback. */
  | { readonly kind: 'static-token'; readonly header: string; readonly tokens: readonly string[] }
  /** IPv4 and IPv6 addresses, and ranges in CIDR notation. */
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }

/** A postback as it arrived, before anything of it is believed. */
export type Delivery = {
  readonly rawBody: Uint8Array
  /** All values of a header, by its lower-case name; a header that came twice has two. */
  readonly header: (name: string) => readonly string[]
  /** The sender's IP address. */
  readonly address: string
}

/**
 * `absent`: nothing was sent that could be checked. `wrong`: something was, and it is not right,
 * which no setting forgives.
 */
export type Verdict = 'verified' | 'absent' | 'wrong'
export type Verify = (delivery: Delivery) => Verdict

/**
 * Every verifier of `settings` must hold. One that is wrong decides; else one whose header is
 * absent; without any verifier nothing can be proven, which is `absent` too.
 * @throws Error when a verifier has nothing to compare with, or would let everybody in
 */
export function createVerification(settings: readonly VerifierSettings[]): Verify {
  const verifiers = settings.map(createVerifier)
  return (delivery) => {
    const verdicts = verifiers.map((verify) => verify(delivery))
    if (verdicts.includes('wrong')) return 'wrong'
    return verdicts.length === 0 || verdicts.includes('absent') ? 'absent' : 'verified'
  }
}

function createVerifier(settings: VerifierSettings): Verify {
  switch (settings.kind) {
    case 'hmac':
      return verifyHmac(settings.header, settings.secrets)
    case 'static-token':
      return verifyToken(settings.header, settings.tokens)
    case 'addresses':
      return verifyAddress(settings.addresses)
  }
}

const SHA256_HEX = /^[0-9a-f]{64}$/i

function verifyHmac(header: string, secrets: readonly string[]): Verify {
  assertSecrets('a signature', secrets)
  return inOneHeader(header, (sent, { rawBody }) => {
    if (!SHA256_HEX.test(sent)) return false
    const signature = Buffer.from(sent, 'hex')
    return secrets.some((secret) =>
      timingSafeEqual(signature, createHmac('sha256', secret).update(rawBody).digest()),
    )
  })
}

function verifyToken(header: string, tokens: readonly string[]): Verify {
  assertSecrets('a token', tokens)
  const expected = tokens.map((token) => sha256(Buffer.from(token)))
  // Hashes have one length, so that the comparison tells nothing of the token's own. Node reads
  // header bytes as latin1.
  return inOneHeader(header, (sent) => {
    const digest = sha256(Buffer.from(sent, 'latin1'))
    return expected.some((one) => timingSafeEqual(digest, one))
  })
}

/** Two headers are wrong: whichever of them was taken, somebody else might take the other. */
function inOneHeader(header: string, holds: (sent: string, delivery: Delivery) => boolean): Verify {
  const name = header.toLowerCase()
  return (delivery) => {
    const [sent, ...others] = delivery.header(name)
    if (sent === undefined) return 'absent'
    return others.length === 0 && holds(sent, delivery) ? 'verified' : 'wrong'
  }
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

function assertSecrets(what: string, secrets: readonly string[]): void {
  if (secrets.length === 0 || secrets.includes('')) {
    throw new Error(`postbacks would be verified by ${what} without a secret`)
  }
}

function verifyAddress(ranges: readonly string[]): Verify {
  if (ranges.length === 0) throw new Error('postbacks would be verified by an empty address list')
  const allowed = new BlockList()
  for (const range of ranges) {
    const parsed = parseRange(range)
    if (!parsed) throw new Error(`"${range}" is neither an IP address nor a range of them`)
    allowed.addSubnet(parsed.address, parsed.prefix, parsed.family)
  }
  // An IPv4 peer of a dual-stack socket arrives as ::ffff:203.0.113.7, which BlockList maps.
  return ({ address }) => {
    const family = familyOf(address)
    return family !== undefined && allowed.check(address, family) ? 'verified' : 'wrong'
  }
}

const familyOf = (address: string): 'ipv4' | 'ipv6' | undefined =>
  (({ 4: 'ipv4', 6: 'ipv6' }) as const)[isIP(address) as 4 | 6]

type Range = { readonly address: string; readonly prefix: number; readonly family: 'ipv4' | 'ipv6' }

function parseRange(text: string): Range | undefined {
  const [, address = '', digits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = familyOf(address)
  if (family === undefined) return undefined
  const bits = family === 'ipv4' ? 32 : 128
  const prefix = digits === undefined ? bits : Number(digits)
  // A prefix of 0 is the whole world: that is no verifier but an open door.
  return prefix >= 1 && prefix <= bits ? { address, prefix, family } : undefined
}

/** Whether `text` can stand in a verifier's list of addresses. */
export const isAddressRange = (text: string): boolean => parseRange(text) !== undefined
