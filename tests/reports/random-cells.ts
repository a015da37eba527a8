// Random cells of the input files: few values, so that rows meet, and every trap among them. In each
// list the harmless value is the first, which is where a failing input shrinks to.
import fc from 'fast-check'
import { addDays } from './recomputation/time.ts'

/** Usually one of `usual`, now and then one of `traps`. */
function mostly(usual: readonly string[], traps: readonly string[], share = 12) {
  return fc.oneof(
    { weight: share, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...traps) },
  )
}

export const player = mostly(['P1', 'P2', 'P1'], ['', ' P1', 'p1', 'P2\u00A0', 'null', '=P3', 'Pé'])

export const receipt = mostly(
  ['', 'R1', 'R2', 'R1', 'R3'],
  [' R1', 'r1', 'R2\t', 'null', 'N/A', ' ', 'TEST-1', '@R4', '"R5"'],
)

export const event = mostly(
  ['purchase', 'af_purchase', 'purchase'],
  ['Purchase', ' AF_PURCHASE', 'purchase\u2003', 'af_login', ''],
)

export const status = mostly(
  ['success'],
  ['Success ', 'SUCCESS', 'failed', 'chargeback', ' ChargeBack', ''],
)

export const campaign = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('Spring', 'spring', ' SPRING ', 'Autumn') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...['', ' ', 'null', '(none)', '(All)', 'Spring  sale', 'spring\u00A0SALE', 'Été'],
      ...['e\u0301te\u0301', 'Straße', 'STRASSE', '=1+1', '@x', '-y', 'a,b', 'a;b', '"q"', 'q"r'],
      ...['Ａ', '🎱', 'two\nlines', 'two\r\nLines', '\u200Bz', 'ᾳ', '\uFEFFspring', "'quoted'"],
    ),
  },
)

const PLAIN_MONEY = ['4.99', '1', '2', '9.99', '0.5', '4', '4.990000', '1234.50'] as const
const ODD_MONEY = [
  ...[
    '',
    ' ',
    'null',
    'N/A',
    'NaN',
    'inf',
    '1e9',
    '-0',
    '0',
    '0.00',
    '-4.99',
    '.5',
    '5.',
    '(4.99)',
  ],
  ...['1,234', '1,234', '-1,234', '0,999', '1234,567', '12,3456', '4,99', '4,9', '1,234.50'],
  ...['1.234,50', '1 234,50', '1\u202F234.5', "1'234.50", '1,234,567', '1,23,456.00', '1.234.567'],
  ...['$4.99', '4.99 USD', 'usd 4.99', '4,99 €', 'US$4.99', '-$4.99', '$-1', 'Apr 99', '\u22122'],
  ...['0.0000004', '0.0000005', '0.00000049', '4.9900005', '-0.0000005', '1000000000000'],
  ...['999999999.9999994', '999999999.9999995', '00004.99', '+4.99', '1 .5', '4.99x'],
]

export const revenue = mostly(PLAIN_MONEY, ODD_MONEY, 5)
export const cost = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('1', '2', '4', '0.5', '3') },
  { weight: 1, arbitrary: fc.constantFrom('0', '-1', '-4', '-0.5') },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_MONEY) },
)

const ODD_TIMES = [
  ...['', 'null', '2026-03-10', '2026-02-30T12:00:00Z', '2026-13-01 00:00:00', '1/21/2021 23:30'],
  ...['26-03-10 12:00:00', '2026-03-10T24:00:00Z', '2026-03-10T23:59:60Z', '###########'],
  ...['1.00E+11', '2026-03-10T12:00:00 CET', '1969-12-31T23:59:59Z', '10000-01-01T00:00:00Z'],
  ...['2199-12-31T23:59:59-01:00', '2026-03-10t12:00:00Z', '2026-03-10T12:00:00+24:00'],
]

const SECOND = 1_000_000
/** Distances at the edges of the window, and small ones. */
export const nudge = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(1, -1, SECOND, -SECOND, 60 * SECOND, 300 * SECOND, -300 * SECOND),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(599_999_999, 600_000_000, 600_000_001)
      .chain((edge) => fc.constantFrom(edge, -edge)),
  },
  { weight: 1, arbitrary: fc.constantFrom(1_200_000_000, 3_600 * SECOND, -86_400 * SECOND) },
)

const TIME_STYLES = [
  'Z',
  'zone-less',
  '+00:00',
  '+05:30',
  '-08',
  '+0200',
  ' UTC',
  'z',
  'T',
  '9',
] as const
export type TimeStyle = (typeof TIME_STYLES)[number]
export const timeStyle = fc.constantFrom(...TIME_STYLES)

/** Noon or an edge of a day, as microseconds since its midnight. */
export const clock = fc.oneof(
  { weight: 4, arbitrary: fc.constant(12 * 3_600 * SECOND) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, 86_400 * SECOND - 1, 1, 12 * 3_600 * SECOND + 500_000),
  },
)

/** A moment, to be written in some style; or a text that is no time. */
export type Moment = { readonly microseconds: bigint; readonly style: TimeStyle } | string

/** A moment around a day, at most `backMax` days before it. */
export function moment(day: string, backMax: number): fc.Arbitrary<Moment> {
  const back = fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -2, max: backMax }) },
  )
  return fc.oneof(
    {
      weight: 25,
      arbitrary: fc
        .record({ back, clock, nudge, style: timeStyle })
        .map(({ back, clock, nudge, style }) => ({
          microseconds: midnight(addDays(day, -back)) + BigInt(clock + nudge),
          style,
        })),
    },
    { weight: 1, arbitrary: fc.constantFrom(...ODD_TIMES) },
  )
}

export function writeMoment(moment: Moment): string {
  return typeof moment === 'string' ? moment : inStyle(moment.microseconds, moment.style)
}

/** Its moment a while later; a text that is no time stays as it is. */
export function later(moment: Moment, microseconds: number): Moment {
  if (typeof moment === 'string') return moment
  return { ...moment, microseconds: moment.microseconds + BigInt(microseconds) }
}

export const midnight = (day: string): bigint => BigInt(Date.parse(`${day}T00:00:00Z`)) * 1_000n

function inStyle(microseconds: bigint, style: TimeStyle): string {
  if (style === '+05:30') return `${wall(microseconds, 330, 'T')}+05:30`
  if (style === '-08') return `${wall(microseconds, -480, ' ')} -08`
  if (style === '+0200') return `${wall(microseconds, 120, ' ')}+0200`
  if (style === 'zone-less') return wall(microseconds, 0, ' ')
  if (style === 'T') return wall(microseconds, 0, 'T').replace(/:00$/, '')
  // Digits that are cut.
  if (style === '9') return `${wall(microseconds, 0, ' ').replace(/(\.\d+)?$/, nineDigits)}Z`
  return `${wall(microseconds, 0, 'T')}${style}`
}

const nineDigits = (fraction: string): string => `.${fraction.slice(1).padEnd(6, '0')}999`

function wall(microseconds: bigint, minutesAhead: number, separator: string): string {
  const local = microseconds + BigInt(minutesAhead) * 60_000_000n
  const iso = new Date(Number(local / 1_000_000n) * 1_000).toISOString().slice(0, 19)
  const fraction = local % 1_000_000n
  const digits = fraction === 0n ? '' : `.${String(fraction).padStart(6, '0')}`
  return `${iso.replace('T', separator)}${digits}`
}
