import { campaignKey, parseDay, present } from '../cells/cells.ts'
import { createFateBook, type Fates, type RejectedRow, rawText } from './fates.ts'
import { createOddMoney } from './odd-cells.ts'
import { cellsOf, type Inspector } from './record.ts'
import type { InspectSettings } from './settings.ts'

/** What was spent on one campaign on one UTC day, in days since 1970 and micros, cells summed. */
export type CampaignCost = {
  readonly day: number
  readonly campaign: string
  readonly micros: bigint
}

export type CostFindings = Fates & {
  readonly costs: readonly CampaignCost[]
  /** Rows that were added to one of the same day and campaign. */
  readonly summed: number
}

export type CostColumns = {
  readonly day: number
  readonly campaign: number
  readonly amount: number
}

type Ambiguous = { readonly row: RejectedRow; readonly key: string; readonly amount: string }

/** Reads all costs: there are few, a row for each day and campaign. */
export function inspectCosts(at: CostColumns, settings: InspectSettings): Inspector<CostFindings> {
  const fates = createFateBook(settings.onRejected)
  const amounts = createOddMoney()
  const ambiguous: Ambiguous[] = []
  const sums = new Map<string, bigint>()
  const keys = new Map<string, string>()
  let summed = 0

  const keep = (key: string, micros: bigint): void => {
    const before = sums.get(key)
    if (before !== undefined) summed += 1
    sums.set(key, (before ?? 0n) + micros)
  }
  const campaignOf = (text: string): string => {
    const key = keys.get(text) ?? campaignKey(present(text))
    keys.set(text, key)
    return key
  }

  return {
    record(record, bytes) {
      fates.record()
      const cells = cellsOf(record, bytes, settings.delimiter)
      const row = { line: record.line, reason: '', raw: rawText(record, bytes) }
      const amount = cells[at.amount] ?? ''
      amounts.witness(amount)
      const { day } = parseDay(cells[at.day] ?? '', settings.zone)
      if (day === undefined) return fates.reject({ ...row, reason: 'unreadable-date' })
      const key = `${day} ${campaignOf(cells[at.campaign] ?? '')}`
      const parsed = amounts.read(amount)
      if (parsed.micros !== undefined) keep(key, parsed.micros)
      else if (parsed.reason !== 'ambiguous-number') fates.reject({ ...row, reason: parsed.reason })
      else ambiguous.push({ row: { ...row, reason: parsed.reason }, key, amount })
    },
    finish() {
      for (const { row, key, amount } of ambiguous) {
        const { micros } = amounts.decide(amount)
        if (micros === undefined) fates.reject(row)
        else keep(key, micros)
      }
      const costs = [...sums].map(([key, micros]) => {
        const space = key.indexOf(' ')
        return { day: Number(key.slice(0, space)), campaign: key.slice(space + 1), micros }
      })
      const { filtered, rejected, records } = fates
      return { filtered, rejected, records, costs, summed }
    },
  }
}
