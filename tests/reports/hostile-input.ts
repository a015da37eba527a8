import { aConfirmation, aCost, aPurchase, aSession, inputFiles } from './input-builders.ts'
import type { InputFiles, Parameters } from './recomputation/recomputation.ts'
import { addDays } from './recomputation/time.ts'

/** Names that try to be HTML, to turn the text around, to be long, or to be nothing. */
const NAMES = [
  ...['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onload='alert(1)", '&amp;'],
  ...['</td></tr></table><style>*{display:none}</style>', '<!--', ']]>', '&lt;b&gt;', '&#x3c;b'],
  ...['\u202Egnirps', '\u2066isolated', 'حملة الربيع', 'קמפיין אביב', '日本語', '🎱👨‍👩‍👧‍👦'],
  ...['long'.repeat(60), `US_iOS_Lookalike_${'x'.repeat(80)}_v2`, '🎱'.repeat(81), '🎱'.repeat(80)],
  ...['', 'bell\u0007', '\u001b[31m', '=1+1', 'javascript:alert(1)', '{{7*7}}'],
]

type Size = {
  readonly campaigns: number
  readonly perCampaign: number
  /** In front of every name; its own ones where there is none. */
  readonly name?: string
  /** Another order of the same rows. */
  readonly order?: number
}

const DAY = '2026-03-10'

/**
 * Nine days of campaigns that do well, badly, or cost nothing, with chargebacks, other amounts at the
 * store, rows that only one side has, and rows of every fate.
 */
export function hostileInput({ campaigns, perCampaign, name, order = 0 }: Size): {
  readonly input: InputFiles
  readonly parameters: Parameters
} {
  const nameOf = (at: number): string =>
    name === undefined ? (NAMES[at] ?? `C${at}`) : `${name}${at}`
  const sales = Array.from({ length: 9 }, (_day, back) =>
    Array.from({ length: campaigns }, (_campaign, at) =>
      Array.from({ length: perCampaign }, (_sale, sale) => ({ back, at, sale })),
    ),
  ).flat(2)
  const purchases = sales.map(({ back, at, sale }) => {
    const number = (back * campaigns + at) * perCampaign + sale
    // Of D-1 a third sells next to nothing.
    const dollars = back === 1 && at % 3 === 0 ? 1 : 50 + (number % 37)
    return aPurchase({
      appsflyer_id:
        number % 5 === 0 ? `${name ?? nameOf(number % NAMES.length)}P${number}` : `P${number}`,
      event_time_utc: `${addDays(DAY, 1 - back)}T12:${String(number % 60).padStart(2, '0')}:00Z`,
      revenue_usd: `${dollars}.${number % 100}`,
      campaign: nameOf(at),
      receipt_id: number % 4 === 0 ? '' : `R${number}${name ?? ''}`,
    })
  })
  const confirmed = purchases.filter((_purchase, at) => at % 4 !== 1)
  const confirmations = confirmed.map((purchase, at) =>
    aConfirmation({
      ...{ appsflyer_id: purchase.appsflyer_id, event_time_utc: purchase.event_time_utc },
      revenue_usd: at % 3 === 0 ? `${20 + (at % 41)}.5` : purchase.revenue_usd,
      receipt_id: at % 2 === 0 ? purchase.receipt_id : '',
    }),
  )
  const unknown = confirmed.map((purchase, at) =>
    aConfirmation({ ...purchaseless(purchase), appsflyer_id: `S${at}${name ?? ''}` }),
  )
  const costs = sales.flatMap(({ back, at, sale }) =>
    sale > 0 || (back + at) % 11 === 0
      ? []
      : [
          aCost({
            date: addDays(DAY, 1 - back),
            campaign: nameOf(at),
            ad_cost_usd: `${10 + (at % 29)}`,
          }),
        ],
  )
  const rows = {
    purchases: [
      ...purchases,
      ...purchases.filter((_one, at) => at % 9 === 2).map(chargeback),
      ...ODD,
    ],
    confirmations: [...confirmations, ...unknown.filter((_one, at) => at % 4 === 0)],
    costs: [...costs, aCost({ campaign: nameOf(0), ad_cost_usd: '-1' }), aCost({ date: 'never' })],
    sessions: sales.map(({ back, at, sale }) =>
      aSession({
        user_id: `U${(at * 7 + sale * 3 + back) % 50}`,
        event_timestamp_utc: `${addDays(DAY, 1 - back)}T0${at % 10}:00:00Z`,
      }),
    ),
  }
  const input = inputFiles({
    purchases: shuffled(rows.purchases, order),
    confirmations: shuffled(rows.confirmations, order),
    costs: shuffled(rows.costs, order),
    sessions: shuffled(rows.sessions, order),
  })
  return { input, parameters: { today: addDays(DAY, 1) } }
}

const purchaseless = ({ event_time_utc, revenue_usd }: ReturnType<typeof aPurchase>) => ({
  ...{ event_time_utc, revenue_usd },
})

const chargeback = (purchase: ReturnType<typeof aPurchase>) => ({
  ...purchase,
  status: 'chargeback',
})

/** Rows that do not count, one for each reason that a cell can give. */
const ODD = [
  aPurchase({ status: 'failed' }),
  aPurchase({ event_name: 'login' }),
  aPurchase({ appsflyer_id: ' ' }),
  aPurchase({ event_time_utc: 'noon' }),
  aPurchase({ revenue_usd: 'much' }),
  aPurchase({ revenue_usd: '1e9' }),
  aPurchase({ revenue_usd: '1,234' }),
  aPurchase({ revenue_usd: '1000000000' }),
  aPurchase({ revenue_usd: '0' }),
]

/** The same rows in an order of their own for each number; 0 leaves them as they are. */
function shuffled<Row>(rows: readonly Row[], order: number): readonly Row[] {
  if (order === 0) return rows
  let state = order
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state
  }
  return rows
    .map((row) => ({ row, key: next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ row }) => row)
}
