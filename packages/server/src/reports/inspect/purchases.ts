import { campaignKey, foldName, present } from '../cells/cells.ts'
import { createByteDictionary } from './byte-dictionary.ts'
import { isPlainIncome, isPlainText, isPlainTime, isSameText } from './common-shapes.ts'
import { createFateBook, type Fates, type RejectedRow, rawText } from './fates.ts'
import { createOddMoney, createOddTimes, type OddCells } from './odd-cells.ts'
import { cellsOf, type Inspector, type RecordPlace } from './record.ts'
import type { InspectSettings } from './settings.ts'

/** What the purchases of a file hold that the engine cannot tell, or not exactly. */
export type PurchaseFindings = Fates & {
  readonly times: OddCells
  readonly amounts: OddCells
  /** As read, of rows that may be kept, with their keys. */
  readonly campaigns: ReadonlyMap<string, string>
  /** As read. */
  readonly statuses: readonly string[]
  /** As read, with the event that it folds to. */
  readonly events: ReadonlyMap<string, string>
  readonly chargebacks: readonly Chargeback[]
  /** The receipts in the event values of AppsFlyer's export, by the value as read. */
  readonly eventValues: ReadonlyMap<string, string>
  /** Some player or receipt has white space around it, or is a word for nothing. */
  readonly untidy: boolean
  readonly badReceipts: ReadonlySet<string>
  /** Rows that may be kept: whatever is neither filtered nor rejected. */
  readonly candidates: number
}

export type Chargeback = { readonly receipt: string; readonly player: string }

/** Where the columns of purchases stand; null where a file has none. */
export type PurchaseColumns = {
  readonly player: number
  readonly event: number
  readonly time: number
  readonly amount: number
  readonly campaign: number
  readonly receipt: number | null
  readonly status: number | null
  /** AppsFlyer's own export has receipts in the JSON of its event value. */
  readonly eventValue: number | null
}

type Purchase = {
  readonly player: string
  readonly event: string
  readonly time: string
  readonly amount: string
  readonly campaign: string
  readonly receipt: string
  readonly status: string
}

type Ambiguous = { readonly row: RejectedRow; readonly purchase: Purchase }

const SUCCESS = 'success'
const CHARGEBACK = 'chargeback'
const EVENTS = ['purchase', 'af_purchase'] as const
const [PURCHASE, AF_PURCHASE] = EVENTS.map((event) => Buffer.from(event)) as [Buffer, Buffer]
const SUCCESS_BYTES = Buffer.from(SUCCESS)

/**
 * Decides the fate of each purchase row, duplicates aside (rules 1 and "Fate of a row" of
 * docs/reports.md). Rows of plain shapes cost some 60 ns; the others are read as text.
 */
export function inspectPurchases(
  at: PurchaseColumns,
  settings: InspectSettings,
): Inspector<PurchaseFindings> {
  const fates = createFateBook(settings.onRejected)
  const times = createOddTimes(settings.zone)
  const amounts = createOddMoney()
  const campaigns = createByteDictionary()
  const statuses = new Set<string>()
  const events = new Map<string, string>()
  const chargebacks: Chargeback[] = []
  const eventValues = new Map<string, string>()
  const ambiguous: Ambiguous[] = []
  const { badReceipt } = settings
  const { status: statusAt, receipt: receiptAt } = at
  const isZoneless = settings.zone.name === 'UTC'
  const badReceipts = new Set<string>()
  let untidy = false
  let candidates = 0
  let plainEvents = 0

  const isPlain = ({ starts, quoted }: RecordPlace, bytes: Buffer): boolean => {
    if (quoted || badReceipt !== null || statusAt === null || receiptAt === null) return false
    const end = (cell: number): number => (starts[cell + 1] as number) - 1
    const start = (cell: number): number => starts[cell] as number
    if (!isSameText(bytes, start(statusAt), end(statusAt), SUCCESS_BYTES)) return false
    const event = start(at.event)
    const isEvent =
      isSameText(bytes, event, end(at.event), AF_PURCHASE) ||
      isSameText(bytes, event, end(at.event), PURCHASE)
    return (
      isEvent &&
      start(at.player) < end(at.player) &&
      isPlainText(bytes, start(at.player), end(at.player)) &&
      isPlainText(bytes, start(receiptAt), end(receiptAt)) &&
      isPlainTime(bytes, start(at.time), end(at.time), isZoneless) &&
      isPlainIncome(bytes, start(at.amount), end(at.amount))
    )
  }

  const keep = (purchase: Purchase, micros: bigint): void => {
    const receipt = present(purchase.receipt)
    if (micros <= 0n) return fates.filter('false-success')
    if (receipt !== '' && badReceipt?.test(receipt)) {
      badReceipts.add(receipt)
      return fates.filter('false-success')
    }
    candidates += 1
    statuses.add(purchase.status)
    events.set(purchase.event, foldName(purchase.event))
    const campaign = Buffer.from(purchase.campaign)
    campaigns.see(campaign, 0, campaign.length)
  }

  const readReceipt = (cells: readonly string[]): string => {
    if (receiptAt !== null) return cells[receiptAt] ?? ''
    const eventValue = at.eventValue === null ? '' : (cells[at.eventValue] ?? '')
    const receipt = receiptInEventValue(eventValue)
    if (receipt !== '') eventValues.set(eventValue, receipt)
    return receipt
  }

  const readPurchase = (record: RecordPlace, bytes: Buffer): Purchase => {
    const cells = cellsOf(record, bytes, settings.delimiter)
    const cell = (index: number): string => cells[index] ?? ''
    const [event, amount] = [cell(at.event), cell(at.amount)]
    return {
      player: cell(at.player),
      event,
      time: cell(at.time),
      amount,
      campaign: cell(at.campaign),
      receipt: readReceipt(cells),
      status: statusAt === null ? impliedStatus(event, amount) : cell(statusAt),
    }
  }

  /** AppsFlyer's export has no status: a refund is an event of its own or a negative amount. */
  const impliedStatus = (event: string, amount: string): string => {
    const { micros } = amounts.read(amount)
    const isRefund = foldName(event) === 'af_refund' || (micros !== undefined && micros < 0n)
    return isRefund ? CHARGEBACK : SUCCESS
  }

  const judge = (purchase: Purchase, row: RejectedRow): void => {
    amounts.witness(purchase.amount)
    const status = foldName(purchase.status)
    const receipt = present(purchase.receipt)
    if (status === CHARGEBACK) {
      if (receipt !== '') chargebacks.push({ receipt, player: present(purchase.player) })
      return fates.filter('chargeback')
    }
    if (status !== SUCCESS) return fates.filter('not-success')
    if (!EVENTS.includes(foldName(purchase.event) as never)) return fates.filter('not-a-purchase')
    if (!isTidy(purchase)) untidy = true
    const time = times.read(purchase.time)
    const amount = amounts.read(purchase.amount)
    if (present(purchase.player) === '')
      return fates.reject({ ...row, reason: 'empty-appsflyer-id' })
    if (time.instant === undefined) return fates.reject({ ...row, reason: time.reason })
    if (amount.micros === undefined && amount.reason === 'ambiguous-number') {
      ambiguous.push({ row: { ...row, reason: amount.reason }, purchase })
    } else if (amount.micros === undefined) {
      fates.reject({ ...row, reason: amount.reason })
    } else {
      keep(purchase, amount.micros)
    }
  }

  return {
    record(record, bytes) {
      fates.record()
      if (isPlain(record, bytes)) {
        const { starts } = record
        campaigns.see(bytes, starts[at.campaign] as number, (starts[at.campaign + 1] as number) - 1)
        plainEvents += 1
        candidates += 1
        return
      }
      const row = { line: record.line, reason: '', raw: rawText(record, bytes) }
      judge(readPurchase(record, bytes), row)
    },
    finish() {
      for (const { row, purchase } of ambiguous) {
        const { micros } = amounts.decide(purchase.amount)
        if (micros === undefined) fates.reject(row)
        else keep(purchase, micros)
      }
      if (plainEvents > 0) {
        statuses.add(SUCCESS)
        for (const event of EVENTS) events.set(event, event)
      }
      return {
        ...{ filtered: fates.filtered, rejected: fates.rejected, records: fates.records },
        ...{ times: times.known, amounts: amounts.known, campaigns: keysOf(campaigns.texts()) },
        ...{
          statuses: [...statuses],
          events,
          chargebacks,
          eventValues,
          badReceipts,
          untidy,
          candidates,
        },
      }
    },
  }
}

const isTidy = ({ player, receipt }: Purchase): boolean =>
  player === present(player) && receipt === present(receipt)

const keysOf = (campaigns: readonly string[]): ReadonlyMap<string, string> =>
  new Map(campaigns.map((campaign) => [campaign, campaignKey(present(campaign))]))

/** `af_receipt_id`, else `af_order_id`, of the JSON object in an event value; empty for none. */
function receiptInEventValue(text: string): string {
  if (!text.includes('af_')) return ''
  try {
    const { af_receipt_id: receipt, af_order_id: order } = Object(JSON.parse(text))
    return [receipt, order].map(idOf).find((id) => id !== '') ?? ''
  } catch {
    // What is no JSON names no receipt; the row is judged by its other cells.
    return ''
  }
}

const idOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? present(String(value)) : ''
