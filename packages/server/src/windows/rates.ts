import { onAnalytics } from '../analytics/analytics.ts'
import type { Tx } from '../store/store.ts'

const FIND = onAnalytics(
  'windows.find-rate',
  'SELECT usd_per_unit AS "usdPerUnit" FROM analytics.window_rates WHERE day = $1 AND currency = $2',
)
const KEEP = onAnalytics(
  'windows.keep-rate',
  `INSERT INTO analytics.window_rates (day, currency, usd_per_unit, log_offset) VALUES ($1, $2, $3, $4)
  ON CONFLICT (day, currency) DO UPDATE SET usd_per_unit = excluded.usd_per_unit,
    log_offset = excluded.log_offset`,
)

/** US dollars for one unit of a currency, as a fraction of integers. */
export type Rate = { readonly numerator: bigint; readonly denominator: bigint }

const PLAIN_DECIMAL = /^(\d{1,12})(?:\.(\d{1,12}))?$/

/** Of a plain decimal; null for anything else, and for 0, which no currency is worth. */
export function parseRate(text: string): Rate | null {
  const [, whole, fraction = ''] = PLAIN_DECIMAL.exec(text) ?? []
  if (whole === undefined) return null
  const numerator = BigInt(whole + fraction)
  return numerator === 0n ? null : { numerator, denominator: 10n ** BigInt(fraction.length) }
}

/** Micros of US dollars, half away from zero; null without a rate, or when no reader of JSON would keep it exactly. */
export function toUsdMicros(amountMicros: number, rate: Rate | null): number | null {
  if (rate === null) return null
  const { numerator, denominator } = rate
  const usd = (BigInt(amountMicros) * numerator * 2n + denominator) / (denominator * 2n)
  return usd <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(usd) : null
}

const REMEMBERED_MAX = 10_000

/** The rate table of the days, kept in the analytics by the events that import it. */
export function createRates() {
  let known = new Map<string, Rate | null>()
  return {
    async of(tx: Tx, day: number, currency: string): Promise<Rate | null> {
      const key = `${day}\n${currency}`
      const rate = known.get(key)
      if (rate !== undefined) return rate
      const [row] = await tx.run<{ readonly usdPerUnit: string }>(FIND, [[day, currency]])
      const found = row ? parseRate(row.usdPerUnit) : null
      if (known.size >= REMEMBERED_MAX) known = new Map()
      known.set(key, found)
      return found
    },

    async set(tx: Tx, day: number, currency: string, text: string, offset: number) {
      known.set(`${day}\n${currency}`, parseRate(text))
      await tx.run(KEEP, [[day, currency, text, offset]])
    },

    forget(): void {
      known = new Map()
    },
  }
}

export type Rates = ReturnType<typeof createRates>
