// Each bound of the catalogue, from both sides, in the schemas that strangers read.
import {
  type CLIENT_FAMILIES,
  CURRENCY_CODES,
  EVENT_FAMILIES,
  isCurrencyCode,
  LIMITS,
} from '@questline/contracts'
import { describe, expect, it, test } from 'vitest'
import { anEvent, fits } from './catalogue.ts'

type Name = keyof typeof CLIENT_FAMILIES
const x = (length: number): string => 'x'.repeat(length)
const keys = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]))
const MAX = Number.MAX_SAFE_INTEGER

describe('every example', () => {
  test.each(EVENT_FAMILIES.map((family) => [family.name, family] as const))(
    '%s fits its schema',
    (name, family) => {
      expect(fits(name, family.example)).toBe(true)
    },
  )
})

describe('the envelope', () => {
  const good: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['a UUID of version 4', { event_id: '3f2504e0-4f89-41d3-9a0c-0305e82c3301' }],
    ['a UUID in upper case', { event_id: '3F2504E0-4F89-11D3-9A0C-0305E82C3301' }],
    ['a zone with an offset', { occurred_at: '2026-03-01T12:00:00.123456+05:30' }],
    ['a player of 255 characters', { player_id: x(255) }],
    ['a player of 255 code points beyond the first plane', { player_id: '😀'.repeat(255) }],
    ['no app', { app_id: undefined }],
    ['a platform in any letter case', { platform: 'PlayStation' }],
    ['the longest version', { app_version: x(64) }],
    ['the longest session', { session_id: x(128) }],
    ['the longest device', { device_id: x(128) }],
    ['the greatest seq', { seq: MAX }],
    ['a monotonic reading', { monotonic: { run: 'r', ms: 0.5 } }],
    ['50 properties', { properties: keys(50) }],
    ['a property name of 64 characters', { properties: { [x(64)]: 1 } }],
    ['a property text of 1,024 characters', { properties: { a: x(1_024) } }],
    ['nested properties', { properties: { a: [1, { b: null }], c: true } }],
    ['a field that no family has', { favourite: 'cue' }],
    ['a version', { schema_version: '1-0-12' }],
  ]
  test.each(good)('takes %s', (_, changes) =>
    expect(fits('install', anEvent('install', changes))).toBe(true),
  )

  const bad: typeof good = [
    ...['event_id', 'event_type', 'occurred_at', 'player_id', 'platform'].map(
      (name) => [`no ${name}`, { [name]: undefined }] as const,
    ),
    ['an empty id', { event_id: '' }],
    ['an id in braces', { event_id: '{3f2504e0-4f89-41d3-9a0c-0305e82c3301}' }],
    ['an id as a URN', { event_id: 'urn:uuid:3f2504e0-4f89-41d3-9a0c-0305e82c3301' }],
    ['an id without hyphens', { event_id: '3f2504e04f8941d39a0c0305e82c3301' }],
    ['another type', { event_type: 'purchase' }],
    ['a time without a zone', { occurred_at: '2026-03-01T12:00:00' }],
    ['a day that does not exist', { occurred_at: '2026-02-30T12:00:00Z' }],
    ['a number for a time', { occurred_at: 1_772_366_400_000 }],
    ['an empty player', { player_id: '' }],
    ['a player of 256 characters', { player_id: x(256) }],
    ['a number for a player', { player_id: 7 }],
    ['an empty app', { app_id: '' }],
    ['an app of 101 characters', { app_id: x(101) }],
    ['an unknown platform', { platform: 'gameboy' }],
    ['a platform that only begins well', { platform: 'iosx' }],
    ['a version of 65 characters', { app_version: x(65) }],
    ['a session of 129 characters', { session_id: x(129) }],
    ['a device of 129 characters', { device_id: x(129) }],
    ['a country of 101 characters', { country: x(101) }],
    ['seq 0', { seq: 0 }],
    ['half a seq', { seq: 1.5 }],
    ['seq 2^53', { seq: MAX + 1 }],
    ['a monotonic reading without its run', { monotonic: { ms: 1 } }],
    ['a monotonic reading below zero', { monotonic: { run: 'r', ms: -1 } }],
    ['51 properties', { properties: keys(51) }],
    ['a property without a name', { properties: { '': 1 } }],
    ['a property name of 65 characters', { properties: { [x(65)]: 1 } }],
    ['a property text of 1,025 characters', { properties: { a: x(1_025) } }],
    ['properties that are a list', { properties: [] }],
    ['a version with dots', { schema_version: '1.0.0' }],
    ['null for what is not known', { session_id: null }],
  ]
  test.each(bad)('refuses %s', (_, changes) =>
    expect(fits('install', anEvent('install', changes))).toBe(false),
  )
})

/** What a family takes and refuses, field by field. */
const FIELDS: readonly (readonly [Name, string, readonly unknown[], readonly unknown[]])[] = [
  ['install', 'campaign', ['', x(255), undefined], [x(256), 1]],
  ['purchase', 'product_id', ['p', x(255)], ['', x(256), undefined]],
  ['purchase', 'quantity', [1, MAX], [0, 1.5, '1', MAX + 1, undefined]],
  ['purchase', 'amount_micros', [0, MAX], [-1, 4.99, '4990000', MAX + 1, undefined]],
  ['purchase', 'currency', ['EUR', 'JPY'], ['eur', 'EURO', 'EU', '', undefined]],
  ['purchase', 'transaction_id', ['', x(255), undefined], [x(256), 7]],
  ['purchase', 'store', ['', x(64), undefined], [x(65)]],
  ['init', 'country', ['PT', x(100)], ['', x(101), undefined]],
  ['init', 'platform', ['facebook'], ['symbian', undefined]],
  ['init', 'user-id', ['7', 7, x(50), undefined], ['', x(51), -1, 1.5]],
  ['init', 'player_id', [undefined], [null]],
  ['init', 'time', [0, 1_765_000_000, undefined], [-1, 1.5, '1765000000']],
  ['match', 'user-a', ['a', x(50)], ['', x(51), 7, undefined]],
  ['match', 'user-b', ['b'], ['', undefined]],
  ['match', 'winner', ['b'], ['', undefined]],
  ['match', 'user-a-postmatch-info', [], [undefined, {}, [], null]],
  ['match', 'user-b-postmatch-info', [undefined], [{}, null]],
  ['match', 'game-tier', [1, 20], [0, 1.5, undefined]],
  ['match', 'duration', [0], [-1, 0.5, undefined]],
  ['match', 'platform', [undefined, 'web'], ['']],
  ['in-app-purchase', 'purchase_value', [0, 4.99, 9_007_199_254], [-0.01, '4.99', 1e10, undefined]],
  ['in-app-purchase', 'product-id', ['p', x(100)], ['', x(101), undefined]],
  ['in-app-purchase', 'platform', [undefined, 'IOS'], [7]],
  ['session_start', 'session_number', [1, undefined], [0]],
  ['session_start', 'connection', ['wifi', 'pigeon'], ['', x(65)]],
  ['session_end', 'duration_ms', [0, undefined], [-1, 1.5]],
  ['progression', 'status', ['start', 'complete', 'fail'], ['begin', '', undefined]],
  ['progression', 'level', ['1-3', 12, 0], ['', x(65), -1, 1.5, undefined]],
  ['economy', 'flow', ['source', 'sink'], ['Source', undefined]],
  ['economy', 'amount', [0, 2.5], [-1, '1', undefined]],
  ['ad_impression', 'revenue_usd_micros', [0, undefined], [-1, 0.5]],
  ['ad_impression', 'ad_format', ['rewarded', 'hologram'], ['', undefined]],
  ['error', 'message', [x(LIMITS.errorMessageCharsMax)], ['', x(LIMITS.errorMessageCharsMax + 1)]],
  ['error', 'severity', ['critical', undefined], ['fatal']],
  [
    'custom',
    'name',
    ['a', 'a:b:c:d:e', x(64), `${x(64)}:${x(64)}:${x(64)}`, '😀'.repeat(64), 'ein Name'],
    [
      '',
      x(65),
      'a:b:c:d:e:f',
      ':a',
      'a:',
      'a::b',
      'a\nb',
      [x(64), x(64), x(64), x(6)].join(':'),
      undefined,
    ],
  ],
  [
    'sdk_health',
    'dropped_by_reason',
    [{}, { 'queue-full': 0 }, { other: 3 }],
    [{ a: -1 }, { a: '1' }, keys(21), undefined],
  ],
]

describe.each(FIELDS)('%s: %s', (name, field, takes, refuses) => {
  const show = (value: unknown): string => String(JSON.stringify(value)).slice(0, 40)
  it.each(takes.map((value) => [show(value), value]))('takes %s', (_, value) => {
    expect(fits(name, anEvent(name, { [field]: value }))).toBe(true)
  })
  it.each(refuses.map((value) => [show(value), value]))('refuses %s', (_, value) => {
    expect(fits(name, anEvent(name, { [field]: value }))).toBe(false)
  })
})

test('an event of the pool game names its player in one of two ways', () => {
  for (const name of ['init', 'in-app-purchase'] as const) {
    expect(fits(name, anEvent(name, { 'user-id': undefined }))).toBe(true)
    expect(fits(name, anEvent(name, { player_id: undefined }))).toBe(true)
    expect(fits(name, anEvent(name, { player_id: undefined, 'user-id': undefined }))).toBe(false)
  }
})

test('a currency is one that exists', () => {
  for (const code of ['EUR', 'USD', 'XOF', 'HRK', 'BGN']) expect(isCurrencyCode(code)).toBe(true)
  for (const code of ['XXX', 'XTS', 'EUX', 'eur', '??!', ''])
    expect(isCurrencyCode(code)).toBe(false)
  expect(new Set(CURRENCY_CODES).size).toBe(CURRENCY_CODES.length)
  expect(CURRENCY_CODES.filter((code) => !/^[A-Z]{3}$/.test(code))).toEqual([])
})

test('the list of currencies has whatever this runtime knows by name', () => {
  const without = Intl.supportedValuesOf('currency').filter((code) => !isCurrencyCode(code))
  expect(without).toEqual([])
})
