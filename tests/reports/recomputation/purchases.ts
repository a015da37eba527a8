import { campaignKeyOf, fold, idOf } from './cell-text.ts'
import { type NamedRow, type PurchaseColumn, readPurchaseRows } from './columns.ts'
import { candidates, type Fates, filterReasons, type Judged, rejectedRows } from './fates.ts'
import { type Comma, commaOf, readMoney } from './money.ts'
import { inRowOrder } from './row-order.ts'
import { dayOf, type Instant, readTime } from './time.ts'

export type PurchaseFlag =
  | 'campaign_differs'
  | 'chargeback'
  | 'duplicate_receipt'
  | 'receipt_on_two_players'

/** A kept purchase. */
export type Purchase = {
  readonly player: string
  readonly event: string
  readonly instant: Instant
  readonly day: string
  /** As read, before a chargeback. */
  readonly micros: bigint
  /** What counts: 0 after a chargeback. */
  readonly curatedMicros: bigint
  readonly receipt: string
  readonly campaignKey: string
  readonly cells: Readonly<Record<PurchaseColumn, string>>
  readonly asRead: readonly string[]
  readonly flags: readonly PurchaseFlag[]
}

export type Settings = {
  readonly inputZone: string
  readonly badReceiptPattern: string | undefined
}

type Chargeback = { readonly receipt: string; readonly player: string }

const OUR_EVENTS: readonly string[] = ['purchase', 'af_purchase']

/** Rules 1 to 3: the kept purchases in row order, and where every row ended. */
export function cleanPurchases(
  file: string,
  content: string | Uint8Array,
  settings: Settings,
): { readonly purchases: readonly Purchase[]; readonly fates: Fates } {
  const { rows, unreadable } = readPurchaseRows(file, content)
  const comma = commaOf(rows.map(({ cells }) => cells.revenue_usd))
  const judged = rows.map((row) => [row, judge(row, comma, settings)] as const)
  const verdicts = judged.map(([, verdict]) => verdict)
  const sound = candidates(verdicts).sort(inRowOrder)
  const kept = withoutDuplicates(sound)
  const chargebacks = rows
    .filter(({ cells }) => fold(cells.status) === 'chargeback')
    .map(({ cells }) => ({ receipt: idOf(cells.receipt_id), player: idOf(cells.appsflyer_id) }))
  const fates: Fates = {
    rowsIn: rows.length + unreadable.length,
    rejected: rejectedRows(file, unreadable, judged),
    filtered: filterReasons(verdicts),
    duplicates: sound.length - kept.length,
    kept: kept.length,
  }
  const purchases = kept.map((purchase) => withReceiptFlags(purchase, kept, chargebacks))
  return { purchases, fates }
}

function judge(
  { cells }: NamedRow<PurchaseColumn>,
  comma: Comma,
  settings: Settings,
): Judged<Purchase> {
  const status = fold(cells.status)
  const event = fold(cells.event_name)
  if (status === 'chargeback') return { fate: 'filtered', reason: 'chargeback' }
  if (status !== 'success') return { fate: 'filtered', reason: 'not-success' }
  if (!OUR_EVENTS.includes(event)) return { fate: 'filtered', reason: 'not-a-purchase' }
  const player = idOf(cells.appsflyer_id)
  if (player === '') return { fate: 'rejected', reason: 'empty-appsflyer-id' }
  const instant = readTime(cells.event_time_utc, settings.inputZone)
  if (instant === undefined) return { fate: 'rejected', reason: 'unreadable-time' }
  const micros = readMoney(cells.revenue_usd, comma)
  if (typeof micros === 'string') return { fate: 'rejected', reason: micros }
  const receipt = idOf(cells.receipt_id)
  if (micros <= 0n || isBadReceipt(receipt, settings)) {
    return { fate: 'filtered', reason: 'false-success' }
  }
  const row: Purchase = {
    player,
    event,
    instant,
    day: dayOf(instant),
    micros,
    curatedMicros: micros,
    receipt,
    campaignKey: campaignKeyOf(cells.campaign),
    cells,
    asRead: [
      cells.appsflyer_id,
      cells.event_name,
      cells.event_time_utc,
      cells.revenue_usd,
      cells.campaign,
      cells.receipt_id,
      cells.status,
    ],
    flags: [],
  }
  return { fate: 'candidate', row }
}

/** The setting is a regular expression that is looked for anywhere in a receipt. */
export function isBadReceipt(receipt: string, { badReceiptPattern }: Settings): boolean {
  if (badReceiptPattern === undefined || receipt === '') return false
  return new RegExp(badReceiptPattern, 'u').test(receipt)
}

/** Rule 2, on rows in row order. */
function withoutDuplicates(rows: readonly Purchase[]): Purchase[] {
  const pairs = rows.map((row) => ({ row, original: originalOf(row, rows) }))
  return rows.flatMap((row): Purchase[] => {
    const own = pairs.filter(({ original }) => original === row)
    if (own.length === 0) return []
    const isDifferent = own.some((pair) => pair.row.campaignKey !== row.campaignKey)
    return [isDifferent ? { ...row, flags: ['campaign_differs'] } : row]
  })
}

/** The row that is kept for this one: itself, or the row of which it is a duplicate. */
function originalOf(row: Purchase, rows: readonly Purchase[]): Purchase {
  const group = rows.filter(
    (other) =>
      other.player === row.player &&
      other.instant === row.instant &&
      other.event === row.event &&
      other.micros === row.micros,
  )
  const sameReceipt = group.find(({ receipt }) => receipt === row.receipt) ?? row
  if (row.receipt !== '') return sameReceipt
  return group.find(({ receipt }) => receipt !== '') ?? sameReceipt
}

/** Rule 3, and the flag of a receipt that is on several kept rows. */
function withReceiptFlags(
  purchase: Purchase,
  kept: readonly Purchase[],
  chargebacks: readonly Chargeback[],
): Purchase {
  const { receipt, player } = purchase
  if (receipt === '') return purchase
  const flags: PurchaseFlag[] = [...purchase.flags]
  if (kept.filter((other) => other.receipt === receipt).length > 1) flags.push('duplicate_receipt')
  const own = chargebacks.filter((chargeback) => chargeback.receipt === receipt)
  if (own.length === 0) return { ...purchase, flags: flags.sort() }
  flags.push('chargeback')
  if (own.some((chargeback) => chargeback.player !== '' && chargeback.player !== player)) {
    flags.push('receipt_on_two_players')
  }
  return { ...purchase, curatedMicros: 0n, flags: flags.sort() }
}
