import { dayText } from './csv-bytes.ts'
import {
  type ConfirmationCells,
  cellOf,
  clockText,
  confirmationRow,
  confirmed,
  type Draft,
  moneyText,
  type PurchaseCells,
  type PurchaseChange,
  purchaseRow,
  type Trap,
  timeText,
} from './planted.ts'
import type { Fate } from './tally.ts'

const FALSE_SUCCESS: Fate = { filtered: 'false-success' }
const BAD_MONEY: Fate = { rejected: 'unreadable-money' }
const BAD_TIME: Fate = { rejected: 'unreadable-time' }

/** A purchase with one odd cell, beside its confirmation. */
const purchase = (name: string, bend: (draft: Draft) => PurchaseChange): Trap => ({
  name: `purchases_raw/${name}`,
  plant: (draft) => {
    const change = bend(draft)
    const money = change.meansMicros === undefined ? undefined : moneyText(change.meansMicros)
    return confirmed(draft, [purchaseRow(draft, change)], money)
  },
})

/** A money cell that must be read as so many micros. */
const reads = (name: string, text: string, meansMicros: number): Trap =>
  purchase(`money-${name}`, () => ({ money: cellOf(text), meansMicros }))
const cannotRead = (name: string, cell: keyof PurchaseCells, text: string, fate: Fate): Trap =>
  purchase(name, () => ({ [cell]: cellOf(text), fate }))

/** An ordinary purchase whose confirmation has one odd cell: read all the same, or lost. */
const confirmation = (
  name: string,
  bend: (draft: Draft) => Partial<ConfirmationCells> & { readonly fate?: Fate },
): Trap => ({
  name: `confirmed_purchases/${name}`,
  plant: (draft) => {
    const row = confirmationRow(draft, bend(draft))
    const byReceipt = row.fate === 'kept' ? 1 : 0
    return { purchases: [purchaseRow(draft)], confirmations: [row], byReceipt }
  },
})

/** The purchase costs so much, and its confirmation writes that in another way. */
const confirmedAs = (name: string, micros: number, text: string): Trap => ({
  name: `confirmed_purchases/money-${name}`,
  plant: (draft) => ({
    purchases: [purchaseRow(draft, { money: moneyText(micros), meansMicros: micros })],
    confirmations: [confirmationRow(draft, { money: cellOf(text) })],
    byReceipt: 1,
  }),
})

const NBSP = '\u00a0'
const NARROW_NBSP = '\u202f'

/**
 * Purchases hold decimal commas and thousands commas, so that `1,234` is ambiguous there;
 * confirmations hold decimal commas only, where it is 1.234; costs thousands only, where it is 1234.
 */
const MONEY: readonly Trap[] = [
  reads('decimal-comma', '4,99', 4_990_000),
  reads('decimal-comma-four-digits', '4,9912', 4_991_200),
  reads('thousands-comma', '1,234.50', 1_234_500_000),
  reads('thousands-dot', '1.234,50', 1_234_500_000),
  reads('thousands-space', '1 234,50', 1_234_500_000),
  reads('thousands-nbsp', `1${NBSP}234.50`, 1_234_500_000),
  reads('thousands-narrow-nbsp', `1${NARROW_NBSP}234,50`, 1_234_500_000),
  reads('thousands-apostrophe', "1'234.50", 1_234_500_000),
  reads('dollar-sign', '$4.99', 4_990_000),
  reads('euro-sign-after', '4,99 €', 4_990_000),
  reads('currency-code', '9.99 USD', 9_990_000),
  reads('spaces-around', ' 4.99 ', 4_990_000),
  reads('plus-sign', '+4.99', 4_990_000),
  reads('seventh-decimal', '4.9900005', 4_990_001),
  reads('no-decimals', '5', 5_000_000),
  cannotRead('money-ambiguous', 'money', '1,234', { rejected: 'ambiguous-number' }),
  cannotRead('money-blank', 'money', '', BAD_MONEY),
  cannotRead('money-null', 'money', 'null', BAD_MONEY),
  cannotRead('money-n-a', 'money', 'N/A', BAD_MONEY),
  cannotRead('money-nan', 'money', 'NaN', BAD_MONEY),
  cannotRead('money-infinity', 'money', '∞', BAD_MONEY),
  cannotRead('money-exponent', 'money', '1e9', BAD_MONEY),
  cannotRead('money-words', 'money', 'free', BAD_MONEY),
  cannotRead('money-brackets', 'money', '(4.99)', BAD_MONEY),
  cannotRead('money-groups-of-two', 'money', '1,23,456.00', BAD_MONEY),
  cannotRead('money-too-large', 'money', '1234567890123', { rejected: 'money-out-of-range' }),
  cannotRead('money-negative', 'money', '-4.99', FALSE_SUCCESS),
  cannotRead('money-zero', 'money', '0.00', FALSE_SUCCESS),
  cannotRead('money-minus-zero', 'money', '-0', FALSE_SUCCESS),
  cannotRead('money-rounds-to-zero', 'money', '0.0000004', FALSE_SUCCESS),
]

const HOUR_S = 3_600
const local = (at: number, offset_s: number): string =>
  `${dayText(at + offset_s)}T${clockText(at + offset_s)}`
const spaced = (at: number): string => `${dayText(at)} ${clockText(at)}`

/** All of these are the draft's instant; those with a fraction are within its second. */
const TIMES: Readonly<Record<string, (at: number) => string>> = {
  'no-zone': spaced,
  'space-and-z': (at) => `${spaced(at)}Z`,
  utc: (at) => `${spaced(at)} UTC`,
  'small-z': (at) => `${local(at, 0)}z`,
  'offset-east': (at) => `${local(at, 9 * HOUR_S)}+09:00`,
  'offset-west': (at) => `${local(at, -8 * HOUR_S)}-0800`,
  'offset-half-hour': (at) => `${local(at, 5.5 * HOUR_S)}+05:30`,
  'offset-hours': (at) => `${local(at, 2 * HOUR_S)}+02`,
  milliseconds: (at) => `${spaced(at)}.123`,
  nanoseconds: (at) => `${local(at, 0)}.123456789Z`,
  'spaces-around': (at) => ` ${timeText(at)} `,
}

const BAD_TIMES: Readonly<Record<string, string>> = {
  'impossible-date': '2026-02-30T10:00:00Z',
  'impossible-clock': '2026-02-03T25:61:00Z',
  'us-order': '1/21/2026 23:30',
  'two-digit-year': '26-01-21 23:30:00',
  spreadsheet: '###########',
  blank: '',
}

/** Odd texts of single cells: what they mean, or why they mean nothing. */
export const CELL_TRAPS: readonly Trap[] = [
  ...MONEY,
  ...Object.entries(TIMES).map(([name, text]) =>
    purchase(`time-${name}`, ({ at }) => ({ time: text(at) })),
  ),
  ...Object.entries(BAD_TIMES).map(([name, text]) =>
    cannotRead(`time-${name}`, 'time', text, BAD_TIME),
  ),
  purchase('status-folded', () => ({ status: ' Success ' })),
  purchase('event-folded', () => ({ event: ' AF_Purchase ' })),
  cannotRead('status-failed', 'status', 'failed', { filtered: 'not-success' }),
  cannotRead('status-pending', 'status', 'PENDING', { filtered: 'not-success' }),
  cannotRead('status-blank', 'status', '', { filtered: 'not-success' }),
  cannotRead('event-other', 'event', 'af_login', { filtered: 'not-a-purchase' }),
  cannotRead('id-blank', 'id', ' ', { rejected: 'empty-appsflyer-id' }),
  purchase('id-spaces-around', ({ cells }) => ({ id: ` ${cells.id} ` })),
  purchase('campaign-blank', ({ unattributed }) => ({
    campaign: ' ',
    meansCampaign: unattributed,
  })),
  purchase('campaign-case-and-spaces', (draft) => {
    const name = draft.nameOf(0).toLowerCase().replace(' ', '   ')
    return { campaign: ` ${name}\t`, meansCampaign: 0 }
  }),
  purchase('campaign-nbsp', (draft) => ({
    campaign: draft.nameOf(1).toUpperCase().replace(' ', NBSP),
    meansCampaign: 1,
  })),
  purchase('campaign-decomposed', (draft) =>
    special(draft, 'accented', 'été doré'.normalize('NFD')),
  ),
  purchase('campaign-cyrillic', (draft) => special(draft, 'cyrillic', 'летняя АКЦИЯ')),
  purchase('campaign-japanese', (draft) => special(draft, 'japanese', '夏のセール\u3000')),
  purchase('campaign-formula', (draft) => special(draft, 'formula', '=sum(1+1)')),
  confirmedAs('decimal-comma', 4_990_000, '4,99'),
  confirmedAs('three-decimals', 1_234_000, '1,234'),
  confirmedAs('dollar-sign', 9_990_000, '$9.99'),
  confirmation('time-no-zone', ({ at }) => ({ time: spaced(at) })),
  confirmation('time-offset', ({ at }) => ({ time: `${local(at, 2 * HOUR_S)}+02:00` })),
  confirmation('time-fraction', ({ at }) => ({ time: `${local(at, 0)}.5Z` })),
  confirmation('time-blank', () => ({ time: '', fate: BAD_TIME })),
  confirmation('money-nan', () => ({ money: 'NaN', fate: BAD_MONEY })),
  confirmation('money-zero', () => ({ money: '0', fate: FALSE_SUCCESS })),
  confirmation('money-negative', () => ({ money: '-4.99', fate: FALSE_SUCCESS })),
  confirmation('id-blank', () => ({ id: '', fate: { rejected: 'empty-appsflyer-id' } })),
]

type Named = Parameters<Draft['special']>[0]

const special = (draft: Draft, name: Named, campaign: string): PurchaseChange => ({
  campaign,
  meansCampaign: draft.special(name),
})
