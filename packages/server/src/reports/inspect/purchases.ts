import { foldName } from '../cells/cells.ts'
import { createInt32s, grown, type TextNumbers } from '../texts/texts.ts'
import {
  type Chargeback,
  type ChargebackTarget,
  createChargebackBook,
  createChargebackList,
} from './chargeback-book.ts'
import { isShortText, type ShortText, shortText } from './common-shapes.ts'
import type { Fates } from './fates.ts'
import { cleanIds, createFoundSale, findIds, type SaleTarget } from './found-sale.ts'
import { plainSales } from './plain-sales.ts'
import type { PurchaseColumns } from './purchase-columns.ts'
import { createPurchaseKinds, type PurchaseKind } from './purchase-kinds.ts'
import { impliedStatus, type Purchase, readPurchase } from './purchase-reader.ts'
import {
  cellStart,
  cellStop,
  hasInnerQuote,
  type Inspector,
  type RecordPlace,
  type Row,
  readRow,
} from './record.ts'
import { createSaleBook } from './sale-book.ts'
import { createSaleRows, type Room, roomFor, type SaleRows } from './sale-rows.ts'
import { type InspectSettings, LONG_PLACES } from './settings.ts'

/** Purchases that may be kept, as columns. */
type PurchaseColumnsRead = {
  readonly rows: SaleRows
  /** By row, numbers of the kinds. */
  readonly kindNumbers: Int32Array
  /** Of the players of `rows`; more can be added. */
  readonly players: TextNumbers
}

export type PurchaseFates = Fates & { readonly kinds: readonly PurchaseKind[] }

export type PurchaseFindings = PurchaseFates &
  PurchaseColumnsRead & { readonly chargebacks: readonly Chargeback[] }

/** Takes what a file of purchases is searched for. */
export type PurchaseTarget = SaleTarget & { readonly chargebacks: ChargebackTarget }

const SUCCESS = 'success'
const CHARGEBACK = 'chargeback'
/** The events that are purchases, folded. */
const EVENTS = ['purchase', 'af_purchase'] as const
const SUCCESS_TEXT = shortText(SUCCESS)
const CHARGEBACK_TEXT = shortText(CHARGEBACK)
const PURCHASE = shortText(EVENTS[0])
const AF_PURCHASE = shortText(EVENTS[1])

/** Keeps purchases in memory. */
export function createPurchaseRows(room: Room, hasLongPlaces: boolean) {
  const rows = createSaleRows(room, hasLongPlaces)
  let kindNumbers = createInt32s(room.rows)
  let count = 0
  return {
    players: rows.players,
    take(sale: Parameters<SaleTarget['take']>[0]): void {
      if (count === kindNumbers.length) kindNumbers = grown(kindNumbers, count + 1)
      kindNumbers[count] = sale.kind
      count += 1
      rows.take(sale)
    },
    read: (): PurchaseColumnsRead => ({
      ...{ rows: rows.rows(), players: rows.players, kindNumbers: kindNumbers.subarray(0, count) },
    }),
  }
}

/**
 * Decides the fate of each purchase row, duplicates aside (rules 1 and "Fate of a row" of
 * docs/reports.md), and keeps the rows in memory.
 */
export function inspectPurchases(
  at: PurchaseColumns,
  settings: InspectSettings,
): Inspector<PurchaseFindings> {
  const { fileBytes } = settings
  const { take, read, players } = createPurchaseRows(roomFor(fileBytes), fileBytes >= LONG_PLACES)
  const { chargebacks, ...target } = createChargebackList(players)
  const { record, finish } = judgePurchases(at, settings, { take, chargebacks: target })
  return { record, finish: () => ({ ...finish(), ...read(), chargebacks }) }
}

/**
 * The same, for whoever takes the rows. Rows of plain shapes, in quotes or not, are read from their bytes;
 * what must be read as text costs up to 3,000 ns.
 */
export function judgePurchases(
  at: PurchaseColumns,
  settings: InspectSettings,
  target: PurchaseTarget,
): Inspector<PurchaseFates> {
  const { status = null, receipt } = at
  const ids = { player: at.player, receipt: receipt ?? 0 }
  const plain = plainSales({ ...at, ...ids }, settings)
  const kinds = createPurchaseKinds({ status: SUCCESS, events: EVENTS })
  const back = createChargebackBook({ ...ids, amount: at.amount }, target.chargebacks)
  /** Rows that are chargebacks or not, as the commas of the whole column will tell. */
  const undecided: { readonly purchase: Purchase; readonly row: Row }[] = []
  const found = createFoundSale()
  const book = createSaleBook<Purchase>(settings, (sale, instant, micros, { place }) => {
    cleanIds(found, sale)
    Object.assign(found, { instant, micros, place, kind: kinds.numberOf(sale) })
    target.take(found)
  })

  /** Answers whether the row was one, kept or a duplicate, and spelled in the usual way. */
  const addPlain = (record: RecordPlace, bytes: Buffer, base: number): boolean => {
    const event = isCell(record, bytes, at.event, PURCHASE) ? 0 : 1
    if (event === 1 && !isCell(record, bytes, at.event, AF_PURCHASE)) return false
    const instant = plain.instant(record, bytes)
    const micros = plain.income(record, bytes)
    if (instant < 0 || micros < 0 || hasInnerQuote(record, bytes, at.campaign)) return false
    const from = cellStart(record, bytes, at.campaign)
    findIds(found, ids, record, bytes)
    found.instant = instant
    found.micros = micros
    found.place = base + record.start
    found.kind = kinds.plainNumberOf(event, bytes, from, cellStop(record, bytes, at.campaign))
    target.take(found)
    return true
  }
  const isAmbiguous = (amount: string): boolean =>
    amount.includes(',') && book.amounts.read(amount).micros === undefined
  const judge = (purchase: Purchase, row: Row): void => {
    const folded = foldName(purchase.status)
    if (folded === CHARGEBACK) {
      back.add(purchase)
      book.filter('chargeback')
    } else if (folded !== SUCCESS) book.filter('not-success')
    else if (!EVENTS.some((event) => event === foldName(purchase.event)))
      book.filter('not-a-purchase')
    else book.judge(purchase, row)
  }

  return {
    record(record, bytes, base) {
      book.record()
      if (status !== null && receipt !== null) {
        if (isCell(record, bytes, status, SUCCESS_TEXT)) {
          if (addPlain(record, bytes, base)) return
        } else if (isCell(record, bytes, status, CHARGEBACK_TEXT)) {
          if (back.addPlain(record, bytes)) {
            book.filter('chargeback')
            return
          }
        }
      }
      const row = readRow(record, bytes, base, settings.delimiter)
      const purchase = readPurchase(at, row.cells)
      book.amounts.witness(purchase.amount)
      if (status === null && isAmbiguous(purchase.amount)) undecided.push({ purchase, row })
      else judge(purchase, row)
    },
    finish() {
      for (const { purchase, row } of undecided.splice(0)) {
        const { micros } = book.amounts.decide(purchase.amount)
        judge({ ...purchase, status: impliedStatus(purchase.event, micros) }, row)
      }
      return { ...book.finish(), kinds: kinds.kinds }
    },
  }
}

function isCell(record: RecordPlace, bytes: Buffer, cell: number, text: ShortText): boolean {
  return isShortText(bytes, cellStart(record, bytes, cell), cellStop(record, bytes, cell), text)
}
