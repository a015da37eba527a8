import { insertOnAnalytics, onAnalytics } from '../analytics/analytics.ts'
import type { Tx } from '../store/store.ts'

const WRITE = insertOnAnalytics('windows.write-purchase', 'analytics.window_purchases', {
  ...{ day: 'bigint', currency: 'text', log_offset: 'bigint', amount_micros: 'bigint' },
  ...{ minute: 'bigint', app: 'text', country_code: 'text', platform: 'text' },
})
const PAGE = onAnalytics(
  'windows.purchases-of-day',
  `SELECT log_offset AS "offset", amount_micros AS "amountMicros", minute, app,
    country_code AS country, platform
  FROM analytics.window_purchases WHERE day = $1 AND currency = $2 AND log_offset > $3
  ORDER BY log_offset LIMIT 2000`,
)

/** A purchase that was not in US dollars: what a rate that comes later needs to know. */
export type ForeignPurchase = {
  readonly offset: number
  readonly amountMicros: number
  readonly minute: number
  readonly app: string
  readonly country: string
  readonly platform: string
}
export type NewForeignPurchase = ForeignPurchase & {
  readonly day: number
  readonly currency: string
}

export const writePurchases = (tx: Tx, purchases: readonly NewForeignPurchase[]) =>
  tx.run(
    WRITE,
    purchases.map((of) => [
      ...[of.day, of.currency, of.offset, of.amountMicros, of.minute],
      ...[of.app, of.country, of.platform],
    ]),
  )

/** All of a day in a currency, in the order of the log. */
export async function* purchasesOf(
  tx: Tx,
  day: number,
  currency: string,
): AsyncGenerator<ForeignPurchase> {
  for (let after = 0; ; ) {
    const page = await tx.run<ForeignPurchase>(PAGE, [[day, currency, after]])
    yield* page
    const last = page.at(-1)
    if (last === undefined) return
    after = last.offset
  }
}
