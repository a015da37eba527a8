import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFileTally, type Fate } from './tally.ts'
import type { CampaignTruth, FileName, ReconciliationTruth, Truth } from './truth.ts'

/**
 * Reads the four files back and counts, knowing nothing of how they were made: for tests of the
 * generator, with files that fit into memory. Slow and plain on purpose.
 */
export function recount(dir: string, lastDay: string): Omit<Truth, 'traps' | 'lastDay'> {
  const sales = readSales(rowsOf(dir, 'purchases_raw.csv'))
  const confirmations = readConfirmations(rowsOf(dir, 'confirmed_purchases.csv'))
  const costs = readCosts(rowsOf(dir, 'costs_daily.csv'))
  const sessions = readSessions(rowsOf(dir, 'sessions.csv'), lastDay)
  const { kept } = sales
  const revenue = (of: Sale): number => (of.chargedBack ? 0 : of.micros)
  return {
    files: {
      'purchases_raw.csv': sales.truth,
      'confirmed_purchases.csv': confirmations.truth,
      'costs_daily.csv': costs.truth,
      'sessions.csv': sessions.truth,
    },
    curated: {
      rows: kept.length,
      originalRevenueMicros: sum(kept.map(({ micros }) => micros)),
      revenueMicros: sum(kept.map(revenue)),
      chargedBack: kept.filter(({ chargedBack }) => chargedBack).length,
    },
    reconciliation: reconcile(kept, confirmations.kept),
    purchaseDays: [...new Set(kept.map(({ at }) => dayOf(at)))].sort().reverse(),
    campaigns: campaignsOf(kept, costs.cells, lastDay),
    dau: sessions.dau,
  }
}

type Row = Readonly<Record<string, string>> | { readonly fault: Fate }
type Sale = {
  readonly id: string
  readonly at: number
  readonly micros: number
  readonly receipt: string
  readonly campaign: string
  chargedBack: boolean
}
type Confirmation = Pick<Sale, 'id' | 'at' | 'micros' | 'receipt'>

function rowsOf(dir: string, name: FileName): Row[] {
  const text = readFileSync(join(dir, name), 'utf8').replace(/^\ufeff/, '')
  const lines = readRecords(text)
  const head = lines.shift()?.cells ?? []
  return lines.map(({ raw, cells }): Row => {
    const reason = faultOf(raw, cells, head.length)
    if (reason !== undefined) return { fault: { rejected: reason } }
    return Object.fromEntries(head.map((column, i) => [column.toLowerCase(), cells?.[i] ?? '']))
  })
}

type Line = { readonly raw: string; readonly cells: string[] | undefined }
const CELL = /^(?:"((?:[^"]|"")*)"|([^",\n]*))(,|$)/

/** Whole records if every quote closes where it may, else line by line. */
function readRecords(text: string): Line[] {
  const pieces = text.split('\n')
  const records: Line[] = []
  for (let i = 0; i < pieces.length; i += 1) {
    let raw = pieces[i] ?? ''
    while (quotesIn(raw) % 2 === 1 && i + 1 < pieces.length) raw += `\n${pieces[++i]}`
    const cells = cellsOf(raw.replace(/\r$/, ''))
    if (cells === undefined) return pieces.filter(isLine).map((line) => lineOf(line))
    if (isLine(raw)) records.push({ raw, cells })
  }
  return records
}
const isLine = (line: string): boolean => line !== '' && line !== '\r'
const lineOf = (raw: string): Line => ({ raw, cells: cellsOf(raw.replace(/\r$/, '')) })
const quotesIn = (text: string): number => text.split('"').length - 1

function cellsOf(record: string): string[] | undefined {
  const cells: string[] = []
  for (let rest = record; ; ) {
    const match = CELL.exec(rest)
    if (match === null) return undefined
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    rest = rest.slice(match[0].length)
    if (match[3] === '') return cells
  }
}

function faultOf(raw: string, cells: string[] | undefined, width: number) {
  if (raw.length > 1_048_576) return 'line-too-long' as const
  if (raw.includes('\0')) return 'nul-byte' as const
  if (raw.includes('\ufffd')) return 'invalid-utf8' as const
  if (cells === undefined) return 'quote-fault' as const
  return cells.length === width ? undefined : ('wrong-cell-count' as const)
}

/** Microseconds since 1970. */
function timeOf(text: string): number | undefined {
  const shape =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))? ?(?:z|utc|([+-]\d\d)(?::?(\d\d))?)?$/i
  const [, day, clock, fraction = '', hours = '+00', minutes = '00'] = shape.exec(text.trim()) ?? []
  if (day === undefined) return undefined
  const ms = Date.parse(`${day}T${clock}${hours}:${minutes}`)
  const isReal = new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day) === true
  if (!isReal || Number.isNaN(ms)) return undefined
  return ms * 1_000 + Number(fraction.slice(0, 6).padEnd(6, '0'))
}

type Money =
  | number
  | { readonly rejected: 'unreadable-money' | 'ambiguous-number' | 'money-out-of-range' }

/** A reader of money cells that has seen the whole column. */
function moneyReader(column: readonly string[]): (text: string) => Money {
  const plain = (text: string): string => text.replace(/[$€\s']|USD/g, '')
  const hasDecimal = column.some((text) => /^\d+(\.\d{3})*,(\d{1,2}|\d{4,})$/.test(plain(text)))
  const hasThousands = column.some((text) => /^\d{1,3}(,\d{3})+(\.\d+|,\d{3})$/.test(plain(text)))
  return (text) => {
    let digits = plain(text)
    if (/^-?\d{1,3},\d{3}$/.test(digits)) {
      if (hasDecimal === hasThousands) return { rejected: 'ambiguous-number' }
      digits = digits.replace(',', hasDecimal ? '.' : '')
    } else if (/,\d{2},/.test(digits)) return { rejected: 'unreadable-money' }
    else if (digits.lastIndexOf(',') > digits.lastIndexOf('.'))
      digits = digits.replaceAll('.', '').replace(',', '.')
    else digits = digits.replaceAll(',', '')
    if (!/^[+-]?\d+(\.\d+)?$/.test(digits)) return { rejected: 'unreadable-money' }
    if (Math.abs(Number(digits)) >= 1e12) return { rejected: 'money-out-of-range' }
    const [whole = '', part = ''] = digits.split('.')
    const micros = Math.abs(Number(whole)) * 1e6 + Number(part.slice(0, 6).padEnd(6, '0'))
    return (digits.startsWith('-') ? -1 : 1) * (micros + (Number(part[6] ?? 0) >= 5 ? 1 : 0))
  }
}

const keyOf = (campaign: string): string =>
  campaign.normalize('NFC').replace(/\s+/g, ' ').trim().toUpperCase() || '(NONE)'
const cell = (row: Row, column: string): string => ('fault' in row ? '' : (row[column] ?? ''))

function readSales(rows: readonly Row[]) {
  const tally = createFileTally()
  const money = moneyReader(rows.map((row) => cell(row, 'revenue_usd')))
  const chargebacks = new Set<string>()
  const groups = new Map<string, Sale[]>()
  for (const row of rows) {
    const [status, event] = [cell(row, 'status'), cell(row, 'event_name')].map(fold)
    const receipt = cell(row, 'receipt_id').trim()
    if (status === 'chargeback' && receipt !== '') chargebacks.add(receipt)
    const at = timeOf(cell(row, 'event_time_utc'))
    const micros = money(cell(row, 'revenue_usd'))
    const id = cell(row, 'appsflyer_id').trim()
    if ('fault' in row && typeof row.fault === 'object') tally.add(row.fault)
    else if (status === 'chargeback') tally.add({ filtered: 'chargeback' })
    else if (status !== 'success') tally.add({ filtered: 'not-success' })
    else if (event !== 'purchase' && event !== 'af_purchase')
      tally.add({ filtered: 'not-a-purchase' })
    else if (id === '') tally.add({ rejected: 'empty-appsflyer-id' })
    else if (at === undefined) tally.add({ rejected: 'unreadable-time' })
    else if (typeof micros !== 'number') tally.add(micros)
    else if (micros <= 0) tally.add({ filtered: 'false-success' })
    else {
      const sale = { id, at, micros, receipt, campaign: keyOf(cell(row, 'campaign')) }
      push(groups, `${id} ${at} ${event} ${micros}`, { ...sale, chargedBack: false })
    }
  }
  const kept = [...groups.values()].flatMap(withoutDuplicates)
  for (const sale of kept) sale.chargedBack = chargebacks.has(sale.receipt)
  tally.add('kept', kept.length)
  tally.add('duplicate', sum([...groups.values()].map(({ length }) => length)) - kept.length)
  return { kept, truth: tally.truth() }
}
const fold = (text: string): string => text.trim().toLowerCase()

function withoutDuplicates(group: Sale[]): Sale[] {
  const inOrder = group.toSorted((a, b) => (a.campaign < b.campaign ? -1 : 1))
  const receipts = [...new Set(inOrder.map(({ receipt }) => receipt))].filter((one) => one !== '')
  const wanted = receipts.length > 0 ? receipts : ['']
  return wanted.flatMap((one) => inOrder.find(({ receipt }) => receipt === one) ?? [])
}

function readConfirmations(rows: readonly Row[]) {
  const tally = createFileTally()
  const money = moneyReader(rows.map((row) => cell(row, 'revenue_usd')))
  const kept = new Map<string, Confirmation>()
  for (const row of rows) {
    const [id, receipt] = [cell(row, 'appsflyer_id').trim(), cell(row, 'receipt_id').trim()]
    const at = timeOf(cell(row, 'event_time_utc'))
    const micros = money(cell(row, 'revenue_usd'))
    const key = `${id} ${at} ${micros} ${receipt}`
    if ('fault' in row && typeof row.fault === 'object') tally.add(row.fault)
    else if (id === '') tally.add({ rejected: 'empty-appsflyer-id' })
    else if (at === undefined) tally.add({ rejected: 'unreadable-time' })
    else if (typeof micros !== 'number') tally.add(micros)
    else if (micros <= 0) tally.add({ filtered: 'false-success' })
    else if (kept.has(key)) tally.add('duplicate')
    else {
      tally.add('kept')
      kept.set(key, { id, at, micros, receipt })
    }
  }
  return { kept: [...kept.values()], truth: tally.truth() }
}

function readCosts(rows: readonly Row[]) {
  const tally = createFileTally()
  const money = moneyReader(rows.map((row) => cell(row, 'ad_cost_usd')))
  const cells = new Map<string, number>()
  for (const row of rows) {
    const micros = money(cell(row, 'ad_cost_usd'))
    const date = cell(row, 'date')
    if ('fault' in row && typeof row.fault === 'object') tally.add(row.fault)
    else if (timeOf(`${date}T00:00:00`) === undefined) tally.add({ rejected: 'unreadable-date' })
    else if (typeof micros !== 'number') tally.add(micros)
    else {
      tally.add('kept')
      const key = `${date} ${keyOf(cell(row, 'campaign'))}`
      cells.set(key, (cells.get(key) ?? 0) + micros)
    }
  }
  return { cells, truth: tally.truth() }
}

function readSessions(rows: readonly Row[], lastDay: string) {
  const tally = createFileTally()
  const seen = new Set<string>()
  const active = new Set<string>()
  for (const row of rows) {
    const at = timeOf(cell(row, 'event_timestamp_utc'))
    const user = cell(row, 'user_id').trim()
    const text = JSON.stringify(row)
    if ('fault' in row && typeof row.fault === 'object') tally.add(row.fault)
    else if (user === '') tally.add({ rejected: 'empty-user-id' })
    else if (at === undefined) tally.add({ rejected: 'unreadable-time' })
    else if (seen.has(text)) tally.add('duplicate')
    else {
      tally.add('kept')
      seen.add(text)
      if (dayOf(at) === lastDay) active.add(user)
    }
  }
  return { dau: active.size, truth: tally.truth() }
}

function reconcile(sales: readonly Sale[], kept: readonly Confirmation[]): ReconciliationTruth {
  const flags = { amountMismatch: 0, receiptMismatch: 0, outsideWindow: 0 }
  const stages = [
    { name: 'receipt', window: Number.POSITIVE_INFINITY },
    { name: 'time', window: 600e6 },
  ] as const
  const count = { receipt: 0, time: 0 }
  let [left, right]: [readonly Sale[], readonly Confirmation[]] = [sales, kept]
  for (const { name, window } of stages) {
    const key = (row: Confirmation): string => {
      if (name === 'time') return row.id
      return row.receipt === '' ? '' : `${row.id} ${row.receipt}`
    }
    const groups = groupBy(right, key)
    const pairs = [...groupBy(left, key)].flatMap(([group, some]) =>
      group === '' ? [] : bestPairs(some, groups.get(group) ?? [], window),
    )
    count[name] += pairs.length
    for (const [sale, other] of pairs) {
      if (sale.micros !== other.micros) flags.amountMismatch += 1
      if (name === 'receipt' && Math.abs(sale.at - other.at) > 600e6) flags.outsideWindow += 1
      const bothThere = sale.receipt !== '' && other.receipt !== ''
      if (bothThere && sale.receipt !== other.receipt) flags.receiptMismatch += 1
    }
    const used = new Set<unknown>(pairs.flat())
    left = left.filter((one) => !used.has(one))
    right = right.filter((one) => !used.has(one))
  }
  const { receipt: matchedByReceipt, time: matchedByTime } = count
  const both = { matchedByReceipt, matchedByTime }
  return { ...both, afOnly: left.length, confirmedOnly: right.length, ...flags }
}

type Pair = readonly [Sale, Confirmation]
type Choice = { readonly pairs: readonly Pair[]; readonly distance: number }
const nothing: Choice = { pairs: [], distance: 0 }

/** The most pairs and then the nearest, by trying every order-preserving choice. */
function bestPairs(
  some: readonly Sale[],
  others: readonly Confirmation[],
  window: number,
): readonly Pair[] {
  const byTime = (a: Confirmation, b: Confirmation): number => a.at - b.at
  const [left, right] = [some.toSorted(byTime), others.toSorted(byTime)]
  let row: Choice[] = right.map(() => nothing).concat(nothing)
  for (const sale of left) {
    const next: Choice[] = [nothing]
    for (const [j, other] of right.entries()) {
      const apart = Math.abs(sale.at - other.at)
      const before = row[j] ?? nothing
      const pair: Pair = [sale, other]
      const taken = { pairs: [...before.pairs, pair], distance: before.distance + apart }
      const choices = [row[j + 1], next[j], apart <= window ? taken : undefined]
      next.push(choices.reduce<Choice>((best, one) => better(best, one), nothing))
    }
    row = next
  }
  return (row.at(-1) ?? nothing).pairs
}
const better = (best: Choice, one: Choice = nothing): Choice => {
  const more = one.pairs.length - best.pairs.length
  return more > 0 || (more === 0 && one.distance < best.distance) ? one : best
}

function campaignsOf(
  kept: readonly Sale[],
  costs: ReadonlyMap<string, number>,
  lastDay: string,
): CampaignTruth[] {
  const revenue = new Map<string, number>()
  for (const { at, campaign, micros, chargedBack } of kept) {
    const key = `${dayOf(at)} ${campaign}`
    revenue.set(key, (revenue.get(key) ?? 0) + (chargedBack ? 0 : micros))
  }
  const past = Array.from({ length: 7 }, (_, back) =>
    dayOf((Date.parse(lastDay) - (back + 1) * 86_400_000) * 1_000),
  )
  const there = [...revenue.keys(), ...costs.keys()].filter((key) => key.startsWith(lastDay))
  return [...new Set(there)].sort().map((key) => {
    const campaign = key.slice(lastDay.length + 1)
    const [revenueMicros, costMicros] = [revenue.get(key) ?? 0, costs.get(key) ?? null]
    const ratios = past.flatMap((day) => {
      const cost = costs.get(`${day} ${campaign}`) ?? 0
      return cost > 0 ? [(revenue.get(`${day} ${campaign}`) ?? 0) / cost] : []
    })
    const times = sum(ratios) / ratios.length / (revenueMicros / (costMicros ?? 0))
    const canTell = (costMicros ?? 0) > 0 && ratios.length >= 3
    const anomaly = canTell && (revenueMicros === 0 || times > 2)
    const severity = anomaly ? (revenueMicros === 0 || times > 4 ? 'critical' : 'warning') : null
    return { campaign, revenueMicros, costMicros, days: ratios.length, severity, anomaly }
  })
}

const dayOf = (micros: number): string => new Date(micros / 1_000).toISOString().slice(0, 10)
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
function push<V>(groups: Map<string, V[]>, key: string, value: V): void {
  const group = groups.get(key)
  if (group === undefined) groups.set(key, [value])
  else group.push(value)
}
function groupBy<V>(rows: readonly V[], key: (row: V) => string): Map<string, V[]> {
  const groups = new Map<string, V[]>()
  for (const row of rows) push(groups, key(row), row)
  return groups
}
