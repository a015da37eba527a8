import { campaignKey, parseDay, present } from '../cells/cells.ts'
import { createFateBook, type Fates } from './fates.ts'
import { createMoneyColumn } from './money-column.ts'
import { type Inspector, type Row, readRow } from './record.ts'
import type { InspectSettings } from './settings.ts'

/** What was spent on one campaign on one UTC day, in days since 1970 and micros, cells summed. */
export type CampaignCost = {
  readonly day: number
  readonly campaign: string
  readonly micros: bigint
}

export type CostFindings = Fates & {
  readonly costs: readonly CampaignCost[]
  readonly kept: number
  /** Rows that were added to one of the same day and campaign. */
  readonly summed: number
}

export type CostColumns = {
  readonly day: number
  readonly campaign: number
  readonly amount: number
}

type Ambiguous = { readonly row: Row; readonly key: string; readonly amount: string }

/** Reads all costs: there are few, a row for each day and campaign. */
export function inspectCosts(at: CostColumns, settings: InspectSettings): Inspector<CostFindings> {
  const book = createFateBook(settings.onRejected)
  const amounts = createMoneyColumn()
  const ambiguous: Ambiguous[] = []
  const sums = new Map<string, bigint>()
  const keys = new Map<string, string>()
  let kept = 0
  let summed = 0

  const keep = (key: string, micros: bigint): void => {
    const before = sums.get(key)
    kept += 1
    if (before !== undefined) summed += 1
    sums.set(key, (before ?? 0n) + micros)
  }
  const campaignOf = (text: string): string => {
    const key = keys.get(text) ?? campaignKey(present(text))
    keys.set(text, key)
    return key
  }

  return {
    record(record, bytes, base) {
      book.record()
      const row = readRow(record, bytes, base, settings.delimiter)
      const cell = (index: number): string => row.cells[index] ?? ''
      const amount = cell(at.amount)
      amounts.witness(amount)
      const day = parseDay(cell(at.day), settings.zone)
      const key = `${day.day} ${campaignOf(cell(at.campaign))}`
      const parsed = amounts.read(amount)
      if (day.day === undefined) book.reject(row, day.reason)
      else if (parsed.micros !== undefined) keep(key, parsed.micros)
      else if (parsed.reason === 'ambiguous-number') ambiguous.push({ row, key, amount })
      else book.reject(row, parsed.reason)
    },
    finish() {
      for (const { row, key, amount } of ambiguous.splice(0)) {
        const parsed = amounts.decide(amount)
        if (parsed.micros === undefined) book.reject(row, parsed.reason)
        else keep(key, parsed.micros)
      }
      const costs = [...sums].map(([key, micros]) => {
        const space = key.indexOf(' ')
        return { day: Number(key.slice(0, space)), campaign: key.slice(space + 1), micros }
      })
      return { ...book.fates(), costs, kept, summed }
    },
  }
}
