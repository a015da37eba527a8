import { ProblemError } from '@questline/contracts'
import { describe, expect, it } from 'vitest'
import { createIntent, type Intent, keyOf, readKey } from './idempotency.ts'

const read = (header: string): string => {
  try {
    return readKey(header)
  } catch (error) {
    if (error instanceof ProblemError) return error.code
    throw error
  }
}
const INVALID = 'idempotency-key-invalid'

describe('the key of a header', () => {
  it.each([
    ['bare', '8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['quoted, the same key', '"8e03978e-40d5-43dd"', '8e03978e-40d5-43dd'],
    ['one character', 'a', 'a'],
    ['one quoted character', '"a"', 'a'],
    ['255 characters', 'k'.repeat(255), 'k'.repeat(255)],
    ['255 quoted characters', `"${'k'.repeat(255)}"`, 'k'.repeat(255)],
    ['quoted with spaces and commas', '"a b, c"', 'a b, c'],
    ['quoted with escapes', String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    ['255 characters after unescaping', `"${String.raw`\"`.repeat(255)}"`, '"'.repeat(255)],
    ['SQL', "'; DROP TABLE ledger_entries; --", INVALID],
    ['SQL without spaces', "';DROP/**/TABLE/**/x;--", "';DROP/**/TABLE/**/x;--"],
    ['quoted SQL', `"'; DROP TABLE ledger_entries; --"`, "'; DROP TABLE ledger_entries; --"],
    ['a percent-encoded NUL, which is just three characters', 'a%00', 'a%00'],
    ['a bare backslash', String.raw`a\b`, String.raw`a\b`],
    ['every printable character', `"${printable('"\\')}\\"\\\\"`, `${printable('"\\')}"\\`],
  ])('%s', (_name, header, key) => expect(read(header)).toBe(key))

  it.each([
    ['empty', ''],
    ['empty quotes', '""'],
    ['a space', ' '],
    ['256 characters', 'k'.repeat(256)],
    ['256 quoted characters', `"${'k'.repeat(256)}"`],
    ['a bare space inside', 'a b'],
    ['a bare comma: two headers as Node joins them', 'a, b'],
    ['two quoted keys', '"a", "b"'],
    ['the same key twice', '"a", "a"'],
    ['a quote that does not close', '"abc'],
    ['a quote that does not open', 'abc"'],
    ['a lone quote', '"'],
    ['a quote inside', '"a"b"'],
    ['an escape of something else', String.raw`"a\nb"`],
    ['an escape of the closing quote', String.raw`"abc\"`],
    ['something after the quotes', '"abc";v=1'],
    ['something before the quotes', 'k="abc"'],
    ['NUL', 'a\0b'],
    ['quoted NUL', '"a\0b"'],
    ['a line break', 'a\nb'],
    ['a quoted line break', '"a\nb"'],
    ['DEL', 'a\x7fb'],
    ['Latin-1', 'clé'],
    ['emoji', '👾'],
    ['quoted emoji, as the bytes of the header', `"${Buffer.from('👾').toString('latin1')}"`],
  ])('is refused: %s', (_name, header) => expect(read(header)).toBe(INVALID))

  it('is read in a moment, however long the header is', () => {
    for (const header of ['"'.repeat(65_536), `"${'\\"'.repeat(32_768)}`, '\\'.repeat(65_536)]) {
      expect(read(header)).toBe(INVALID)
    }
  })
})

function printable(without: string): string {
  const all = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))
  return all.filter((character) => !without.includes(character)).join('')
}

type Parts = Parameters<typeof createIntent>[0]
const PARTS: Parts = {
  caller: 'player:alice',
  method: 'POST',
  route: '/earn',
  pathParameters: [],
  mediaType: 'application/json',
  body: Buffer.from('{"amount":1}'),
  key: 'k',
  requestId: 'r-1',
}
const made = (changes: Partial<Parts> = {}): Intent => createIntent({ ...PARTS, ...changes })

describe('an intent', () => {
  it('is the same for the same request, whatever the request is called', () => {
    const [first, second] = [made(), made({ requestId: 'r-2' })]
    expect(second).toEqual({ ...first, requestId: 'r-2' })
  })

  it.each<[string, Partial<Parts>]>([
    ['caller', { caller: 'player:bob' }],
    ['method', { method: 'PUT' }],
    ['route', { route: '/spend' }],
    ['key', { key: 'K' }],
  ])('is another one with another %s', (_name, changes) => {
    expect(made(changes).scope).not.toBe(made().scope)
  })

  it.each<[string, Partial<Parts>]>([
    ['body', { body: Buffer.from('{"amount":2}') }],
    ['spelling of the body', { body: Buffer.from('{"amount": 1}') }],
    ['empty body', { body: Buffer.alloc(0) }],
    ['media type', { mediaType: 'application/json; charset=utf-8' }],
    ['path', { pathParameters: ['x'] }],
    ['duplicate names in the body', { body: Buffer.from('{"amount":1,"amount":1}') }],
    ['byte that is no text', { body: Buffer.from([0xff, 0xfe]) }],
  ])('keeps its name and is another request with another %s', (_name, changes) => {
    expect(made(changes).scope).toBe(made().scope)
    expect(made(changes).fingerprint).not.toBe(made().fingerprint)
  })

  it('never confuses parts that read alike when they are joined', () => {
    const names: Partial<Parts>[] = [
      { caller: 'ab', key: 'c' },
      { caller: 'b', key: 'ca' },
      { caller: 'POST /earn\nb', key: 'a' },
      { caller: 'b', key: 'a' },
      { caller: 'b\n', key: 'a' },
      { caller: '', key: 'a' },
      { caller: 'b', key: 'a POST /earn' },
      { method: 'POST /', route: 'earn', caller: 'b', key: 'a' },
    ]
    expect(new Set(names.map((each) => made(each).scope)).size).toBe(names.length)
    const requests: Partial<Parts>[] = [
      { pathParameters: ['a', 'b'] },
      { pathParameters: ['ab'] },
      { pathParameters: ['a,b'] },
      { pathParameters: ['a"', '"b'] },
      { pathParameters: [], mediaType: 'a' },
      { pathParameters: ['a'], mediaType: '' },
      { mediaType: 'x\ny', body: Buffer.from('z') },
      { mediaType: 'x', body: Buffer.from('y\nz') },
      { mediaType: 'x"]\ny', body: Buffer.from('z') },
    ]
    expect(new Set(requests.map((each) => made(each).fingerprint)).size).toBe(requests.length)
  })

  it('tells bodies apart that would be one text after decoding', () => {
    const bodies = [[0x80], [0xff], [0xef, 0xbf, 0xbd], [0xc3, 0xbf]]
    const fingerprints = bodies.map((body) => made({ body: Uint8Array.from(body) }).fingerprint)
    expect(new Set(fingerprints).size).toBe(bodies.length)
  })

  it('looks at its own part of a shared buffer only', () => {
    const shared = Buffer.from('xx{"amount":1}yy')
    expect(made({ body: shared.subarray(2, -2) }).fingerprint).toBe(made().fingerprint)
  })

  it('still shows its key to people', () => {
    expect(keyOf(made({ key: 'a b', caller: 'player:a\nb' }).scope)).toBe('a b')
  })
})
