import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../log/log.ts'
import { microsOf } from './micros.ts'
import {
  compileRules,
  countryNamed,
  countryOf,
  enrich,
  parseRules,
  RULES,
  RulesError,
} from './quality.ts'

const aRecord = (changes: Partial<LogRecord> = {}): LogRecord => ({
  ...{
    offset: 5,
    kind: 'game',
    app: 'game',
    eventId: 'id',
    eventType: 'purchase',
    playerId: 'ana',
  },
  ...{ occurredAt: 0, sentAt: null, receivedAt: 2, correctedAt: 1, flags: [], sdk: null },
  source: 'http',
  event: { product_id: 'gems', amount_micros: 5, currency: 'USD' },
  ...changes,
})
const judge = (record: LogRecord, rules = RULES) => enrich(record, () => null, compileRules(rules))

describe('a country', () => {
  it.each([
    ['pt', 'PT', 'Portugal'],
    [' Gb ', 'GB', 'United Kingdom'],
    ['UK', 'GB', 'United Kingdom'],
    ['ZZ', 'UNKNOWN', 'UNKNOWN'],
    ['QQ', 'UNKNOWN', 'UNKNOWN'],
    ['Portugal', 'UNKNOWN', 'UNKNOWN'],
    ['p', 'UNKNOWN', 'UNKNOWN'],
    ['', 'UNKNOWN', 'UNKNOWN'],
    ['12', 'UNKNOWN', 'UNKNOWN'],
  ])('%j is %s, %s', (text, code, name) => {
    expect(countryOf(text)).toEqual({ code, name })
  })

  it('is found by its name too, where a person asks', () => {
    expect(countryNamed('united kingdom')).toBe('GB')
    expect(countryNamed('uk')).toBe('GB')
    expect(countryNamed('Atlantis')).toBe('UNKNOWN')
  })

  it('any text is one or UNKNOWN', () => {
    fc.assert(fc.property(fc.string(), (text) => countryOf(text).code.length >= 2))
  })
})

describe('the decimal text of an amount', () => {
  it.each([
    [4.99, 4_990_000],
    [0.1 + 0.2, 300_000],
    [1e-7, 0],
    [5e-7, 1],
    [0.1234565, 123_457],
    [9_007_199_254, 9_007_199_254_000_000],
    [0, 0],
  ])('%s is %i micros', (amount, micros) => {
    expect(microsOf(amount)).toBe(micros)
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e21, '5', null, undefined])(
    '%s is none',
    (amount) => {
      expect(microsOf(amount)).toBe(null)
    },
  )

  it('of cents is exact', () => {
    fc.assert(
      fc.property(fc.nat(2_000_000_000), (cents) => {
        expect(
          microsOf(Number(`${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`)),
        ).toBe(cents * 10_000)
      }),
    )
  })
})

describe('enriching', () => {
  it('puts platform and country right, nested ones too, and keeps what it does not know', () => {
    const event = {
      ...{ 'user-a': 'ana', 'user-b': 7, country: 'xx', platform: ' ios ' },
      'user-a-postmatch-info': { platform: 'Android', device: 'x' },
    }
    const before = structuredClone(event)
    const verdict = judge(aRecord({ eventType: 'match', playerId: null, event }))
    expect(verdict).toMatchObject({
      kind: 'enriched',
      event: {
        players: [
          { id: 'ana', platform: 'ANDROID', country: 'UNKNOWN' },
          { id: '7', platform: 'UNKNOWN', country: 'UNKNOWN' },
        ],
        event: {
          ...{ platform: 'IOS', country: 'UNKNOWN', country_code: 'UNKNOWN', country_raw: 'xx' },
          'user-a-postmatch-info': { platform: 'ANDROID', device: 'x' },
        },
      },
    })
    // The log's own object belongs to others too.
    expect(event).toEqual(before)
  })

  it.each([
    [{ product_id: ' ' }, 'required', '/product_id'],
    [{ amount_micros: 1.5 }, 'no-amount', '/amount_micros'],
    [{ amount_micros: -1 }, 'no-amount', '/amount_micros'],
    [{ currency: 5 }, 'no-currency', '/currency'],
  ])('refuses a purchase with %o', (changes, reason, path) => {
    const event = { product_id: 'gems', amount_micros: 5, currency: 'USD', ...changes }
    expect(judge(aRecord({ event }))).toEqual({ kind: 'rejected', reason, path })
  })

  it('what the server logs makes nobody active, and postbacks count nowhere', () => {
    const earn = judge(aRecord({ kind: 'server', eventType: 'earn', event: { amount: 1 } }))
    expect(earn).toMatchObject({ kind: 'enriched', event: { players: [], purchase: null } })
    expect(judge(aRecord({ kind: 'server', eventType: 'AF_purchase' }))).toEqual({
      kind: 'ignored',
    })
  })

  it('gives each event one of three verdicts, whatever it is', () => {
    const types = fc.constantFrom(
      'purchase',
      'in-app-purchase',
      'match',
      'init',
      'custom',
      '__proto__',
      'constructor',
    )
    const kinds = fc.constantFrom('game' as const, 'free' as const, 'server' as const)
    const names = fc.constantFrom(
      ...['platform', 'country', 'user-a', 'user-b', 'user-a-postmatch-info', 'seq', '__proto__'],
      ...['amount_micros', 'purchase_value', 'currency', 'product_id', 'product-id', 'device_id'],
    )
    const fields = fc
      .array(fc.tuple(names, fc.anything({ withNullPrototype: true })))
      .map(Object.fromEntries)
    const rules = [...RULES, { rule: 'map' as const, field: 'a.b', values: { 1: 'one' } }]
    fc.assert(
      fc.property(types, kinds, fc.oneof(fields, fc.anything()), (eventType, kind, event) => {
        const { kind: verdict } = judge(aRecord({ eventType, kind, event }), rules)
        expect(['enriched', 'rejected', 'ignored']).toContain(verdict)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe("the studio's own rules", () => {
  const own = (rule: unknown, event: object) => {
    const rules = parseRules(JSON.stringify({ rules: [rule] }))
    const whole = { product_id: 'gems', amount_micros: 5, currency: 'USD', ...event }
    return judge(aRecord({ event: whole }), [...RULES, ...rules])
  }

  it.each([
    [{ rule: 'known', field: 'product_id', values: ['gems'] }, {}, null],
    [
      { rule: 'known', field: 'product_id', values: ['coins'] },
      {},
      ['unknown-value', '/product_id'],
    ],
    [{ rule: 'known', field: 'product_id', values: ['x'], events: ['match'] }, {}, null],
    [
      { rule: 'range', field: 'amount_micros', min: 1, max: 4 },
      {},
      ['out-of-range', '/amount_micros'],
    ],
    [{ rule: 'range', field: 'level', min: 1 }, { level: 'x' }, ['out-of-range', '/level']],
    [{ rule: 'range', field: 'level', min: 1 }, {}, null],
    [{ rule: 'required', field: 'properties.level' }, {}, ['required', '/properties/level']],
    [{ rule: 'required', field: 'properties.level' }, { properties: { level: 0 } }, null],
  ])('%o of %o', (rule, event, refusal) => {
    const verdict = own(rule, event)
    const [reason, path] = refusal ?? []
    expect(verdict).toMatchObject(
      refusal ? { kind: 'rejected', reason, path } : { kind: 'enriched' },
    )
  })

  it('name what stands behind an id, and keep an id that they do not know', () => {
    const rule = { rule: 'map', field: 'properties.club', values: { 7: 'The Seven' } }
    expect(own(rule, { properties: { club: 7 } })).toMatchObject({
      event: { event: { properties: { club: 'The Seven' } } },
    })
    expect(own(rule, { properties: { club: 8 } })).toMatchObject({
      event: { event: { properties: { club: 'UNKNOWN', club_raw: 8 } } },
    })
  })

  it('says everything that is wrong with a file, and where', () => {
    const text = JSON.stringify({
      version: 1,
      rules: [
        { rule: 'knwon', field: 'a' },
        { rule: 'range', field: 'a', min: 3, max: 1 },
        { rule: 'range', field: 'a' },
        { rule: 'known', field: 'a..b', values: [] },
        { rule: 'trim', field: 'a', values: [] },
        { rule: 'map', values: {}, field: 'a', events: 'match' },
        5,
      ],
    })
    const faults = faultsOf(text)
    expect(faults).toEqual([
      '"version" is not known; there is only "rules"',
      'rules[0]: "rule" is "knwon", not one of trim, upper, country, required, map, range, known',
      'rules[1]: "min" is greater than "max"',
      'rules[2]: it needs "min" or "max"',
      'rules[3]: "field" is "a..b", not a name',
      'rules[3]: "values" is not a list of texts or numbers',
      'rules[4]: "values" is not known to the rule trim',
      'rules[5]: "events" is not a list of event types',
      'rules[6]: is no object',
    ])
    expect(faultsOf('[]')).toEqual(['it is an object with the list "rules"'])
    expect(faultsOf('{')[0]).toMatch(/^it is no JSON/)
  })
})

function faultsOf(text: string): readonly string[] {
  try {
    parseRules(text)
    return []
  } catch (error) {
    if (error instanceof RulesError) return error.faults
    throw error
  }
}
