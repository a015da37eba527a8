// Random inputs of the daily reports: small files full of traps, in which few players, receipts,
// campaigns and instants meet all the time. They shrink to few rows of harmless cells.
import fc from 'fast-check'
import * as random from './random-cells.ts'
import {
  type Layout,
  layout,
  type Quirk,
  quirks,
  type RandomRow,
  writeFile,
} from './random-files.ts'
import type { InputFiles, Parameters } from './recomputation/recomputation.ts'
import { addDays } from './recomputation/time.ts'

type RandomFile = {
  readonly columns: readonly string[]
  readonly rows: readonly RandomRow[]
  readonly layout: Layout
}

/** Four files as rows, so that a test can put them in another order; and how they are read. */
export type RandomInput = {
  readonly parameters: Parameters
  readonly purchases: RandomFile
  readonly confirmations: RandomFile
  readonly costs: RandomFile
  readonly sessions: RandomFile
}

export function filesOf(input: RandomInput): InputFiles {
  const write = ({ columns, rows, layout }: RandomFile): Buffer => writeFile(columns, rows, layout)
  return {
    purchases: write(input.purchases),
    confirmations: write(input.confirmations),
    costs: write(input.costs),
    sessions: write(input.sessions),
  }
}

/** The same rows in another order: row i goes where the i-th number, or that of i cut to its list, sorts. */
export function reordered(input: RandomInput, order: readonly number[]): RandomInput {
  const move = (file: RandomFile): RandomFile => {
    const keyed = file.rows.map((row, at) => ({ row, key: order[at % order.length] ?? 0, at }))
    // Rows with the same number change places too.
    keyed.sort((a, b) => a.key - b.key || b.at - a.at)
    return { ...file, rows: keyed.map(({ row }) => row) }
  }
  return {
    ...input,
    purchases: move(input.purchases),
    confirmations: move(input.confirmations),
    costs: move(input.costs),
    sessions: move(input.sessions),
  }
}

/** As it is for a person who must find out what went wrong. */
export function shownInput(input: RandomInput): string {
  const files = Object.entries(filesOf(input)).map(
    ([name, content]) =>
      `--- ${name}\n${JSON.stringify(String(content)).replaceAll('\\n', '\\n\n')}`,
  )
  return [JSON.stringify(input.parameters), ...files].join('\n')
}

const DAYS = ['2026-03-10', '2026-03-29', '2025-10-26', '2024-02-29', '2026-01-01'] as const

/** Half of the inputs are about one day's rows, half about a campaign with a history. */
export const randomInput: fc.Arbitrary<RandomInput> = fc.constantFrom(...DAYS).chain((day) =>
  fc
    .record({
      parameters: parameters(day),
      sales: fc.array(sale(day), { maxLength: 7 }),
      variations: fc.array(variation, { maxLength: 7 }),
      echoes: fc.array(echo, { maxLength: 7 }),
      confirmed: fc.array(confirmation(day), { maxLength: 3 }),
      history: fc.oneof(fc.constant([]), history(day)),
      costs: fc.array(costRow(day), { maxLength: 4 }),
      sessions: fc.array(session(day), { maxLength: 6 }),
      kind: purchasesKind,
      sessionKind: fc.constantFrom<SessionKind>('time', 'time', 'time', 'date', 'both'),
      layouts: fc.tuple(layout, layout, layout, layout),
      quirks: fc.tuple(quirks, quirks, quirks, quirks),
    })
    .map(assemble),
)

function parameters(day: string): fc.Arbitrary<Parameters> {
  const often = <Value>(usual: Value, others: readonly Value[]): fc.Arbitrary<Value> =>
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(usual) },
      { weight: 1, arbitrary: fc.constantFrom(...others) },
    )
  return fc.record({
    date: often<string | undefined>(undefined, [day, day, addDays(day, -1), addDays(day, -30)]),
    today: often(addDays(day, 1), [day, addDays(day, 2), addDays(day, 3), addDays(day, -5)]),
    inputZone: often<string | undefined>(undefined, [
      '+05:30',
      'Europe/Berlin',
      'America/New_York',
    ]),
    badReceiptPattern: often<string | undefined>(undefined, ['^TEST', 'R1$']),
    junkReceiptRows: often<number | undefined>(undefined, [2, 3]),
    purchasesFile: often<Parameters['purchasesFile']>(undefined, ['purchases.csv']),
  })
}

type Sale = {
  readonly player: string
  readonly event: string
  readonly moment: random.Moment
  readonly revenue: string
  readonly campaign: string
  readonly receipt: string
  readonly status: string
}

const sale = (day: string): fc.Arbitrary<Sale> =>
  fc.record({
    player: random.player,
    event: random.event,
    moment: random.moment(day, 9),
    revenue: random.revenue,
    campaign: random.campaign,
    receipt: random.receipt,
    status: random.status,
  })

/** Another row that is the n-th sale but for one thing; the copy of a copy too. */
type Variation = { readonly of: number; readonly change: (sale: Sale) => Sale }

const change: fc.Arbitrary<Variation['change']> = fc.oneof(
  fc.constant((sale: Sale) => sale),
  fc.constant((sale: Sale) => ({ ...sale, status: 'chargeback' })),
  fc.constant((sale: Sale) => ({
    ...sale,
    status: 'Chargeback ',
    event: '',
    revenue: '',
    moment: '',
  })),
  fc.constant((sale: Sale) => ({ ...sale, status: 'chargeback', player: 'P9' })),
  random.receipt.map((receipt) => (sale: Sale) => ({ ...sale, receipt })),
  random.campaign.map((campaign) => (sale: Sale) => ({ ...sale, campaign })),
  random.player.map((player) => (sale: Sale) => ({ ...sale, player })),
  random.event.map((event) => (sale: Sale) => ({ ...sale, event })),
  random.status.map((status) => (sale: Sale) => ({ ...sale, status })),
  random.nudge.map((by) => (sale: Sale) => ({ ...sale, moment: random.later(sale.moment, by) })),
  random.timeStyle.map((style) => (sale: Sale) => ({ ...sale, moment: restyled(sale, style) })),
)

const variation: fc.Arbitrary<Variation> = fc.record({ of: fc.nat(20), change })

const restyled = ({ moment }: Sale, style: random.TimeStyle): random.Moment =>
  typeof moment === 'string' ? moment : { ...moment, style }

type Confirmation = Pick<Sale, 'player' | 'moment' | 'revenue' | 'receipt'>

const confirmation = (day: string): fc.Arbitrary<Confirmation> =>
  fc.record({
    player: random.player,
    moment: random.moment(day, 9),
    revenue: random.revenue,
    receipt: random.receipt,
  })

/** A confirmation of the n-th sale, some time away from it. */
type Echo = { readonly of: number; readonly change: (sale: Sale) => Confirmation }

const echo: fc.Arbitrary<Echo> = fc
  .record({
    of: fc.nat(20),
    by: random.nudge,
    receipt: fc.option(random.receipt),
    revenue: fc.option(random.revenue, { freq: 2 }),
    style: random.timeStyle,
  })
  .map(({ of, by, receipt, revenue, style }) => ({
    of,
    change: (sale: Sale) => ({
      player: sale.player,
      moment: random.later(restyled(sale, style), by),
      revenue: revenue ?? sale.revenue,
      receipt: receipt ?? sale.receipt,
    }),
  }))

type CostRow = { readonly date: string; readonly campaign: string; readonly cost: string }

const costRow = (day: string): fc.Arbitrary<CostRow> =>
  fc.record({
    date: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: -1, max: 8 }).map((back) => addDays(day, -back)) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          ...[` ${day} `, `${day}T23:30:00-01:00`, `${day} 00:00:00`, `${day}T00:00:00Z`],
          ...['', 'null', '2026-02-30', '3/10/2026', `${day}x`],
        ),
      },
    ),
    campaign: random.campaign,
    cost: random.cost,
  })

type HistoryDay = { readonly cost: string; readonly revenue: string; readonly isCharged: boolean }
type PastDay = HistoryDay & { readonly day: string }

/** Revenue and cost of one campaign on D-1 and the eight days before: what anomalies are made of. */
function history(day: string): fc.Arbitrary<readonly PastDay[]> {
  const oneDay: fc.Arbitrary<HistoryDay> = fc.record({
    cost: fc.constantFrom('1', '2', '4', '1', '', '0', '-1', '0.9'),
    revenue: fc.constantFrom('4', '8', '2', '4', '0.999999', ''),
    isCharged: fc.nat(9).map((dice) => dice === 9),
  })
  const lastDay: fc.Arbitrary<HistoryDay> = fc.record({
    cost: fc.constantFrom('1', '2', '4', '8', '0.9', '0'),
    revenue: fc.constantFrom('1', '2', '0.5', '0.999999', '0.333333', ''),
    isCharged: fc.nat(2).map((dice) => dice === 2),
  })
  return fc
    .tuple(lastDay, fc.array(oneDay, { minLength: 2, maxLength: 8 }))
    .map(([last, before]) =>
      [last, ...before].map((one, back) => ({ ...one, day: addDays(day, -back) })),
    )
}

type Session = { readonly user: string; readonly moment: random.Moment; readonly date: string }
type SessionKind = 'time' | 'date' | 'both'

const session = (day: string): fc.Arbitrary<Session> =>
  fc.record({
    user: fc.constantFrom('U1', 'U2', 'U3', ' U1', 'u1', '', 'N/A'),
    moment: random.moment(day, 2),
    date: fc.constantFrom(
      day,
      day,
      addDays(day, -1),
      '',
      `${day}T12:00:00Z`,
      `${day} 23:30:00`,
      'x',
    ),
  })

type PurchasesKind = 'own' | 'export' | 'api export'
const purchasesKind = fc.oneof(
  { weight: 7, arbitrary: fc.constant<PurchasesKind>('own') },
  { weight: 1, arbitrary: fc.constantFrom<PurchasesKind>('export', 'api export') },
)

type Parts = {
  readonly parameters: Parameters
  readonly sales: readonly Sale[]
  readonly variations: readonly Variation[]
  readonly echoes: readonly Echo[]
  readonly confirmed: readonly Confirmation[]
  readonly history: readonly PastDay[]
  readonly costs: readonly CostRow[]
  readonly sessions: readonly Session[]
  readonly kind: PurchasesKind
  readonly sessionKind: SessionKind
  readonly layouts: readonly [Layout, Layout, Layout, Layout]
  readonly quirks: readonly [readonly Quirk[], readonly Quirk[], readonly Quirk[], readonly Quirk[]]
}

function assemble(parts: Parts): RandomInput {
  const varied = [...parts.sales]
  for (const { of, change } of parts.variations) {
    const original = varied[of % Math.max(1, varied.length)]
    if (original) varied.push(change(original))
  }
  const echoes = parts.echoes.flatMap(({ of, change }) => {
    const original = varied[of % Math.max(1, varied.length)]
    return original ? [change(original)] : []
  })
  const sales = [...parts.history.flatMap(salesOfHistory), ...varied]
  const { kind, sessionKind, quirks, layouts } = parts
  return {
    parameters: parts.parameters,
    purchases: file(PURCHASE_COLUMNS[kind], sales.map(PURCHASE_CELLS[kind]), quirks[0], layouts[0]),
    confirmations: file(
      ['appsflyer_id', 'event_time_utc', 'revenue_usd', 'receipt_id'],
      [...echoes, ...parts.confirmed].map((one) => ({
        appsflyer_id: one.player,
        event_time_utc: random.writeMoment(one.moment),
        revenue_usd: one.revenue,
        receipt_id: one.receipt,
      })),
      quirks[1],
      layouts[1],
    ),
    costs: file(
      ['date', 'campaign', 'ad_cost_usd'],
      [...parts.history.flatMap(costsOfHistory), ...parts.costs].map((one) => ({
        date: one.date,
        campaign: one.campaign,
        ad_cost_usd: one.cost,
      })),
      quirks[2],
      layouts[2],
    ),
    sessions: file(
      SESSION_COLUMNS[sessionKind],
      parts.sessions.map(({ user, moment, date }) => ({
        user_id: user,
        event_timestamp_utc: random.writeMoment(moment),
        date,
      })),
      quirks[3],
      layouts[3],
    ),
  }
}

const SESSION_COLUMNS: Readonly<Record<SessionKind, readonly string[]>> = {
  time: ['user_id', 'event_timestamp_utc'],
  date: ['user_id', 'date'],
  both: ['date', 'user_id', 'event_timestamp_utc'],
}

const PURCHASE_COLUMNS: Readonly<Record<PurchasesKind, readonly string[]>> = {
  own: [
    ...['appsflyer_id', 'event_name', 'event_time_utc', 'revenue_usd', 'campaign', 'receipt_id'],
    'status',
  ],
  export: [
    ...['Event Time', 'Event Name', 'Event Value', 'Event Revenue USD', 'Campaign', 'AppsFlyer ID'],
  ],
  'api export': [
    ...['event_time', 'event_name', 'event_value', 'event_revenue_usd', 'campaign', 'appsflyer_id'],
  ],
}

const PURCHASE_CELLS: Readonly<Record<PurchasesKind, (sale: Sale) => Record<string, string>>> = {
  own: (sale) => ({
    appsflyer_id: sale.player,
    event_name: sale.event,
    event_time_utc: random.writeMoment(sale.moment),
    revenue_usd: sale.revenue,
    campaign: sale.campaign,
    receipt_id: sale.receipt,
    status: sale.status,
  }),
  export: (sale) => ({
    'Event Time': random.writeMoment(sale.moment),
    'Event Name': sale.status === 'chargeback' ? 'af_refund' : sale.event,
    'Event Value': eventValue(sale.receipt),
    'Event Revenue USD': sale.revenue,
    Campaign: sale.campaign,
    'AppsFlyer ID': sale.player,
  }),
  'api export': (sale) => ({
    event_time: random.writeMoment(sale.moment),
    event_name: sale.event,
    event_value: eventValue(sale.receipt),
    event_revenue_usd: sale.status === 'chargeback' ? '-4.99' : sale.revenue,
    campaign: sale.campaign,
    appsflyer_id: sale.player,
  }),
}

/** Receipts in all the ways in which an event value may have them, or not. */
function eventValue(receipt: string): string {
  if (receipt === '') return 'null'
  if (receipt === 'R2') return JSON.stringify({ af_order_id: receipt, af_receipt_id: '' })
  if (receipt === 'R3') return '{"af_receipt_id":3'
  return JSON.stringify({ af_revenue: 4.99, af_receipt_id: receipt, af_order_id: 'R1' })
}

function salesOfHistory({ day, revenue, isCharged }: PastDay): Sale[] {
  const sold: Sale = {
    player: 'H',
    event: 'purchase',
    moment: { microseconds: random.midnight(day) + 43_200_000_000n, style: 'Z' },
    revenue,
    campaign: 'Winter',
    receipt: `W-${day}`,
    status: 'success',
  }
  const charged = { ...sold, receipt: `C-${day}`, revenue: '3' }
  return [
    ...(revenue === '' ? [] : [sold]),
    ...(isCharged ? [charged, { ...charged, status: 'chargeback' }] : []),
  ]
}

const costsOfHistory = ({ day, cost }: PastDay): CostRow[] =>
  cost === '' ? [] : [{ date: day, campaign: 'Winter', cost }]

function file(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, string>>[],
  quirks: readonly Quirk[],
  layout: Layout,
): RandomFile {
  return {
    columns,
    rows: rows.map((cells, at) => ({ cells, quirk: quirks[at] ?? 'none' })),
    layout,
  }
}
