import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createVerification, type Delivery, isAddressRange } from './verifiers.ts'

const SECRET = 'a secret of the tests, long enough'
const PREVIOUS = 'the secret before the rotation'
const BODY = '{"event_name":"af_purchase","event_revenue_usd":"9.99"}'

const sign = (body: string, secret = SECRET): string =>
  createHmac('sha256', secret).update(body).digest('hex')

type Sent = {
  readonly body?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly address?: string
}
const aDelivery = ({ body = BODY, headers = {}, address = '127.0.0.1' }: Sent = {}): Delivery => ({
  rawBody: Buffer.from(body),
  header: (name) => [headers[name] ?? []].flat(),
  address,
})

describe('a signature over the raw body', () => {
  const verify = createVerification([
    { kind: 'hmac', header: 'X-AF-Signature', secrets: [SECRET, PREVIOUS] },
  ])
  const verdictOf = (signature: string | readonly string[], body = BODY) =>
    verify(aDelivery({ body, headers: { 'x-af-signature': signature } }))

  it('agrees with a published test vector', () => {
    // RFC 4231, test case 2.
    const rfc4231 = createVerification([{ kind: 'hmac', header: 'x-s', secrets: ['Jefe'] }])
    const digest = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
    const body = 'what do ya want for nothing?'
    expect(rfc4231(aDelivery({ body, headers: { 'x-s': digest } }))).toBe('verified')
  })

  it('is verified in lower and upper case, with the present and the previous secret', () => {
    expect(verdictOf(sign(BODY))).toBe('verified')
    expect(verdictOf(sign(BODY).toUpperCase())).toBe('verified')
    expect(verdictOf(sign(BODY, PREVIOUS))).toBe('verified')
  })

  it('is absent when no header came', () => expect(verify(aDelivery())).toBe('absent'))

  it.each([
    ['empty', ''],
    ['of 63 digits', sign(BODY).slice(1)],
    ['of 65 digits', `${sign(BODY)}0`],
    ['with a prefix', `sha256=${sign(BODY)}`],
    ['in base64', Buffer.from(sign(BODY), 'hex').toString('base64')],
    ['of 64 characters that are no digits', 'z'.repeat(64)],
    ['of 64 characters beyond ASCII', 'ß'.repeat(64)],
    ['of zeros', '0'.repeat(64)],
    ['with a line break behind it', `${sign(BODY)}\n`],
    ['made with another secret', sign(BODY, 'another secret')],
    ['made with no secret', sign(BODY, '')],
    ['of 16 KiB', 'a'.repeat(16_384)],
  ])('is wrong when it is %s', (_name, signature) => expect(verdictOf(signature)).toBe('wrong'))

  it('is wrong when it comes twice, even if both are right', () => {
    expect(verdictOf([sign(BODY), sign(BODY)])).toBe('wrong')
    expect(verdictOf(['', sign(BODY)])).toBe('wrong')
  })

  it.each([
    ['one byte is changed', BODY.replace('9.99', '0.99')],
    ['a space is added', `${BODY} `],
    ['keys are reordered', '{"event_revenue_usd":"9.99","event_name":"af_purchase"}'],
    ['an escape says the same', BODY.replace('af_p', 'af_\\u0070')],
  ])('is wrong when %s', (_name, body) => expect(verdictOf(sign(BODY), body)).toBe('wrong'))
})

describe('a static token', () => {
  const verify = createVerification([
    { kind: 'static-token', header: 'authorization', tokens: ['token-one', 'tökèn-two'] },
  ])
  const verdictOf = (token: string | readonly string[]) =>
    verify(aDelivery({ headers: { authorization: token } }))

  it('is verified when it is one of those agreed upon', () => {
    expect(verdictOf('token-one')).toBe('verified')
    // Node hands over the bytes of a header as latin1.
    expect(verdictOf(Buffer.from('tökèn-two').toString('latin1'))).toBe('verified')
  })
  it('is absent when no header came', () => expect(verify(aDelivery())).toBe('absent'))
  it.each(['', 'token-on', 'token-one ', 'TOKEN-ONE', 'token-onetoken-one'])(
    'is wrong as "%s"',
    (token) => expect(verdictOf(token)).toBe('wrong'),
  )
  it('is wrong when it comes twice', () => {
    expect(verdictOf(['token-one', 'token-one'])).toBe('wrong')
  })
})

describe('an address list', () => {
  const addresses = ['203.0.113.7', '198.51.100.0/24', '2001:db8:1::/48']
  const verify = createVerification([{ kind: 'addresses', addresses }])

  it.each([
    ...['203.0.113.7', '198.51.100.0', '198.51.100.255', '2001:db8:1::1', '2001:db8:1:ffff::'],
    ...['::ffff:203.0.113.7', '::ffff:198.51.100.9', '2001:db8:1::1%eth0'],
  ])('verifies %s', (address) => expect(verify(aDelivery({ address }))).toBe('verified'))

  it.each([
    ...['203.0.113.8', '198.51.101.0', '2001:db8:2::1', '127.0.0.1', '::1', '::ffff:203.0.113.8'],
    ...['', 'unknown', '203.0.113.7, 127.0.0.1', '203.0.113.7:443', '203.0.113.07'],
  ])('finds "%s" wrong', (address) => expect(verify(aDelivery({ address }))).toBe('wrong'))

  it.each(['203.0.113.7', '10.0.0.0/8', '::1', '2001:db8::/32', '10.0.0.1/32'])(
    'takes %s',
    (range) => expect(isAddressRange(range)).toBe(true),
  )
  it.each([
    ...['', 'appsflyer.com', '10.0.0.0/33', '10.0.0.0/', '::/129', '10.0.0', '10.0.0.0/8/8'],
    ...['0.0.0.0/0', '::/0', 'fe80::1%eth0'],
  ])('refuses "%s"', (range) => {
    expect(isAddressRange(range)).toBe(false)
    expect(() => createVerification([{ kind: 'addresses', addresses: [range] }])).toThrow(range)
  })
})

describe('several verifiers', () => {
  const verify = createVerification([
    { kind: 'hmac', header: 'x-af-signature', secrets: [SECRET] },
    { kind: 'static-token', header: 'x-af-token', tokens: ['token-one'] },
    { kind: 'addresses', addresses: ['203.0.113.7'] },
  ])
  const right = { 'x-af-signature': sign(BODY), 'x-af-token': 'token-one' }
  const address = '203.0.113.7'

  it('verify together', () => {
    expect(verify(aDelivery({ headers: right, address }))).toBe('verified')
  })
  it('leave a postback unproven when one of them has nothing to check', () => {
    expect(verify(aDelivery({ headers: { 'x-af-token': 'token-one' }, address }))).toBe('absent')
    expect(verify(aDelivery({ address }))).toBe('absent')
  })
  it('find it wrong when one of them does, whatever the others say', () => {
    const wrong = { ...right, 'x-af-token': 'token-two' }
    expect(verify(aDelivery({ headers: wrong, address }))).toBe('wrong')
    expect(verify(aDelivery({ headers: { 'x-af-token': '' }, address }))).toBe('wrong')
    expect(verify(aDelivery({ headers: right }))).toBe('wrong')
  })
})

it('proves nothing without any verifier', () => {
  expect(createVerification([])(aDelivery())).toBe('absent')
})

it.each([
  { kind: 'hmac', header: 'x', secrets: [] },
  { kind: 'hmac', header: 'x', secrets: [SECRET, ''] },
  { kind: 'static-token', header: 'x', tokens: [] },
  { kind: 'static-token', header: 'x', tokens: [''] },
  { kind: 'addresses', addresses: [] },
] as const)('refuses a verifier that would let everybody in: %j', (settings) => {
  expect(() => createVerification([settings])).toThrow('postbacks would be verified')
})
