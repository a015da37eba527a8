import { CHARGEBACK, createSum, type ExactSum, MARK, type PurchaseRows } from '../clean/clean.ts'

/** What a campaign's kept purchases of one UTC day came to; micros. */
export type DailyRevenue = {
  /** Days since 1970. */
  readonly day: number
  readonly campaign: string
  readonly revenue: bigint
  readonly chargebacks: number
  /** What they were before they were taken back. */
  readonly chargedBack: bigint
}

const DAY_MICROS = 86_400_000_000

type Sums = { readonly revenue: ExactSum; readonly chargedBack: ExactSum; chargebacks: number }

/** Sums purchases as they come, each once. */
export type RevenueSumming = {
  add(purchases: PurchaseRows, marks: Uint8Array): void
  total(): readonly DailyRevenue[]
}

/** Per day and campaign (`campaignKeys` by their code), for the days `from` to `to`; both since 1970 and both included. */
export function sumDailyRevenue(
  campaignKeys: readonly string[],
  from: number,
  to: number,
): RevenueSumming {
  const sums = new Map<number, Sums>()
  const add: RevenueSumming['add'] = (
    { count, instants, micros, kinds, campaignKeys: codes, chargebacks },
    marks,
  ) => {
    for (let rank = 0; rank < count; rank += 1) {
      const day = Math.floor((instants[rank] as number) / DAY_MICROS)
      if (day < from || day > to || (marks[rank] as number) & MARK.duplicate) continue
      const key = (day - from) * campaignKeys.length + (codes[kinds[rank] as number] as number)
      let sum = sums.get(key)
      if (!sum) {
        sum = { revenue: createSum(), chargedBack: createSum(), chargebacks: 0 }
        sums.set(key, sum)
      }
      const isCharged = chargebacks[rank] !== CHARGEBACK.none
      const own = isCharged ? sum.chargedBack : sum.revenue
      own.add(micros[rank] as number)
      if (isCharged) sum.chargebacks += 1
    }
  }
  const total = () =>
    [...sums].map(([key, sum]) => ({
      day: from + Math.floor(key / campaignKeys.length),
      campaign: campaignKeys[key % campaignKeys.length] ?? '',
      revenue: sum.revenue.total(),
      chargebacks: sum.chargebacks,
      chargedBack: sum.chargedBack.total(),
    }))
  return { add, total }
}
