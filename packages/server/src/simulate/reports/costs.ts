import { writeFile } from 'node:fs/promises'
import type { Account } from './account.ts'
import type { Campaign, Campaigns, Spending } from './campaigns.ts'
import { mix } from './chance.ts'
import { dayText } from './csv-bytes.ts'
import { cellOf, moneyText } from './planted.ts'
import { createFileTally, type Fate, raise } from './tally.ts'
import type { FileTruth, RejectReason } from './truth.ts'

export type CostParts = {
  readonly campaigns: Campaigns
  readonly account: Account
  readonly traps: Map<string, number>
  key(): number
}
export type CostSettings = {
  readonly firstDay_s: number
  readonly days: number
  readonly traps: 'none' | 'values' | 'all'
}
export type Costs = {
  readonly truth: FileTruth
  /** Micros of a day and campaign; `undefined` where no row names them. */
  cost(day: number, campaign: number): number | undefined
}

type CostRow = {
  readonly date: string
  readonly campaign: string
  readonly cost: string
  readonly fate: Fate
}

const TRAPS_ONLY: ReadonlySet<Spending> = new Set<Spending>(['free', 'credited'])
const DAY_S = 86_400
const CENT = 10_000
const USD = 1_000_000

/** A file of at most some thousand rows: costs follow what the purchases have brought in. */
export async function writeCosts(
  path: string,
  parts: CostParts,
  settings: CostSettings,
): Promise<Costs> {
  const tally = createFileTally()
  const cells = new Map<string, number>()
  const rows: CostRow[] = []
  const add = (row: CostRow): void => {
    rows.push(row)
    tally.add(row.fate)
  }
  const key = parts.key()
  for (let day = 0; day < settings.days; day += 1)
    for (const [index, campaign] of parts.campaigns.all.entries()) {
      if (settings.traps === 'none' && TRAPS_ONLY.has(campaign.spending)) continue
      const planned = plannedMicros(campaign, {
        ...{ day, last: settings.days - 1, revenue: parts.account.revenue(day, index) },
        chance: mix(day * 1_000 + index, key) / 0x1_0000_0000,
        usual: usualReturn(mix(index, key) / 0x1_0000_0000),
      })
      if (planned === undefined) continue
      const written = rowsOf(campaign, planned, { day, index, settings, traps: parts.traps })
      for (const row of written) add(row)
      cells.set(`${day}:${index}`, planned)
    }
  if (settings.traps !== 'none') for (const row of lostRows(settings, parts.traps)) add(row)
  rows.sort((a, b) => orderOf(a, key) - orderOf(b, key))
  await writeFile(path, textOf(rows, settings))
  return { truth: tally.truth(), cost: (day, campaign) => cells.get(`${day}:${campaign}`) }
}

/** 0.5 to 3, and as often above 1 as below: the return that this campaign usually has. */
const usualReturn = (chance: number): number => 0.5 * 6 ** chance

const FACTORS: Readonly<Partial<Record<Spending, number>>> = { falls: 0.4, collapses: 0.15 }
const SILENT_USD = 1_234.5
const FREE_DAYS = 3

function plannedMicros(
  { spending }: Campaign,
  at: { day: number; last: number; revenue: number; chance: number; usual: number },
): number | undefined {
  if (spending === 'unpaid') return undefined
  if (spending === 'silent') return at.day === 2 ? 1_234 * USD : SILENT_USD * USD
  if (spending === 'free') return at.day >= at.last - FREE_DAYS ? 0 : undefined
  if (spending === 'credited') return -12.5 * USD
  if (at.revenue === 0 || (spending === 'new' && at.day < at.last - 1)) return undefined
  const factor = at.day === at.last ? (FACTORS[spending] ?? 1) : 1
  const wanted = at.revenue / (at.usual * factor * (0.85 + 0.3 * at.chance))
  return Math.max(CENT, Math.round(wanted / CENT) * CENT)
}

/** Two days and campaigns of seven are split or spelled otherwise, where traps are wanted. */
function rowsOf(
  { name, spending }: Campaign,
  micros: number,
  at: { day: number; index: number; settings: CostSettings; traps: Map<string, number> },
): CostRow[] {
  const date = dayText(at.settings.firstDay_s + at.day * DAY_S)
  const row = (cost: string, campaign = cellOf(name)): CostRow => ({
    ...{ date, campaign, cost, fate: 'kept' as const },
  })
  const plain = [row(moneyText(micros))]
  const { settings } = at
  if (settings.traps === 'none') return plain
  const note = (trap: string): void => raise(at.traps, `costs_daily/${trap}`)
  if (spending === 'silent') {
    const text = SILENT_TEXTS[at.day]
    if (text === undefined) return plain
    note(text.trap)
    return [row(cellOf(text.cost))]
  }
  if (spending === 'credited') {
    note('negative')
    return [row('10.00'), row('-22.50')]
  }
  if (spending === 'free') {
    note('zero')
    return plain
  }
  return spelled({ row, micros, name }, { place: at.day + at.index, settings, note })
}

/** Thousands have a comma in this file and decimals have none, so that `1,234` is 1234. */
const SILENT_TEXTS: readonly { readonly trap: string; readonly cost: string }[] = [
  { trap: 'money-thousands-comma', cost: '1,234.50' },
  { trap: 'money-dollar-sign', cost: '$1,234.50' },
  { trap: 'money-thousands-alone', cost: '1,234' },
  { trap: 'money-currency-code', cost: '1,234.50 USD' },
]

function spelled(
  cell: { row: (cost: string, campaign?: string) => CostRow; micros: number; name: string },
  how: { place: number; settings: CostSettings; note: (trap: string) => void },
): CostRow[] {
  const { row, micros, name } = cell
  const whole = moneyText(micros)
  const kind = how.place % 14
  if (kind === 0) {
    how.note('day-and-campaign-twice')
    const part = Math.floor(micros / CENT / 3) * CENT
    return [row(moneyText(part)), row(moneyText(micros - part))]
  }
  if (kind === 5) {
    how.note('credit')
    return [row(moneyText(micros + 5 * USD)), row('-5.00')]
  }
  if (kind === 8) {
    how.note('campaign-spelled-otherwise')
    return [row(whole, cellOf(` ${name.toLowerCase().replace(' ', '  ')} `))]
  }
  if (kind === 11 && how.settings.traps === 'all') {
    how.note('quoted-newline')
    return [row(whole, `"${name.replace(' ', '\n')}"`)]
  }
  return [row(whole)]
}

/** Rows that cost nothing, since they cannot be read. */
function lostRows(settings: CostSettings, traps: Map<string, number>): CostRow[] {
  const date = dayText(settings.firstDay_s)
  const lost = (trap: string, reason: RejectReason, row: Partial<CostRow>): CostRow => {
    raise(traps, `costs_daily/${trap}`)
    return { date, campaign: 'Summer Splash US', cost: '1.00', ...row, fate: { rejected: reason } }
  }
  return [
    lost('date-impossible', 'unreadable-date', { date: '2026-02-30' }),
    lost('date-us-order', 'unreadable-date', { date: '1/21/2026' }),
    lost('date-blank', 'unreadable-date', { date: '' }),
    lost('money-blank', 'unreadable-money', { cost: '' }),
    lost('money-infinity', 'unreadable-money', { cost: 'Infinity' }),
  ]
}

/** `all`: other order and case of the columns, CRLF, a short row, and no line end at the end. */
function textOf(rows: readonly CostRow[], { traps }: CostSettings): string {
  if (traps !== 'all') {
    const lines = rows.map(({ date, campaign, cost }) => `${date},${campaign},${cost}`)
    return `${['date,campaign,ad_cost_usd', ...lines].join('\n')}\n`
  }
  const lines = rows.map(({ date, campaign, cost }) => `${campaign},${cost},${date}`)
  return ['Campaign,Ad_Cost_USD,Date', ...lines].join('\r\n')
}

const orderOf = ({ date, campaign, cost }: CostRow, key: number): number => {
  let order = key
  for (const letter of `${date}${campaign}${cost}`) order = mix(letter.codePointAt(0) ?? 0, order)
  return order
}
