import { campaignKey, foldName, present } from '../cells/cells.ts'
import { createByteDictionary } from './byte-dictionary.ts'
import { EVENTS, type PurchaseColumns, plainPurchases, SUCCESS } from './plain-purchases.ts'
import { createPurchaseReader, type Purchase } from './purchase-reader.ts'
import { cellStart, cellStop, type Inspector, type Row, readRow } from './record.ts'
import { createSaleBook, type SaleFindings } from './sale-book.ts'
import type { InspectSettings } from './settings.ts'

/** What the purchases of a file hold that the engine cannot tell, or not exactly. */
export type PurchaseFindings = SaleFindings & {
  /** As read, of rows that may be kept, with their keys. */
  readonly campaigns: ReadonlyMap<string, string>
  /** As read. */
  readonly statuses: readonly string[]
  /** As read, with the event that it folds to. */
  readonly events: ReadonlyMap<string, string>
  readonly chargebacks: readonly Chargeback[]
  /** The receipts in the event values of AppsFlyer's export, by the value as read. */
  readonly eventValues: ReadonlyMap<string, string>
}

export type Chargeback = { readonly receipt: string; readonly player: string }

/**
 * Decides the fate of each purchase row, duplicates aside (rules 1 and "Fate of a row" of
 * docs/reports.md). Rows of plain shapes, in quotes or not, cost some 100 ns beside the 200 of the
 * scan; what must be read as text costs up to 3,000.
 */
export function inspectPurchases(
  at: PurchaseColumns,
  settings: InspectSettings,
): Inspector<PurchaseFindings> {
  const isPlain = plainPurchases(at, settings)
  const campaigns = createByteDictionary()
  const statuses = new Set<string>()
  const events = new Map<string, string>()
  const chargebacks: Chargeback[] = []
  let plain = 0
  const book = createSaleBook<Purchase>(settings, ({ status, event, campaign }) => {
    statuses.add(status)
    events.set(event, foldName(event))
    const bytes = Buffer.from(campaign)
    campaigns.see(bytes, 0, bytes.length)
  })
  const { readPurchase, eventValues } = createPurchaseReader(at, book.amounts)

  const judge = (purchase: Purchase, row: Row): void => {
    const status = foldName(purchase.status)
    if (status === 'chargeback') {
      const [receipt, player] = [present(purchase.receipt), present(purchase.player)]
      if (receipt !== '') chargebacks.push({ receipt, player })
      book.filter('chargeback')
    } else if (status !== SUCCESS) book.filter('not-success')
    else if (!EVENTS.includes(foldName(purchase.event))) book.filter('not-a-purchase')
    else book.judge(purchase, row)
  }

  return {
    record(record, bytes) {
      book.record()
      if (isPlain(record, bytes)) {
        const start = cellStart(record, bytes, at.campaign)
        campaigns.see(bytes, start, cellStop(record, bytes, at.campaign))
        book.addPlain()
        plain += 1
        return
      }
      const row = readRow(record, bytes, settings.delimiter)
      const purchase = readPurchase(row.cells)
      book.amounts.witness(purchase.amount)
      judge(purchase, row)
    },
    finish() {
      const found = book.finish()
      if (plain > 0) {
        statuses.add(SUCCESS)
        for (const event of EVENTS) events.set(event, event)
      }
      const names = { campaigns: keysOf(campaigns.texts()), statuses: [...statuses], events }
      return { ...found, ...names, chargebacks, eventValues }
    },
  }
}

const keysOf = (campaigns: readonly string[]): ReadonlyMap<string, string> =>
  new Map(campaigns.map((campaign) => [campaign, campaignKey(present(campaign))]))
