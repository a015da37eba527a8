import type { EnrichedEvent } from '../quality/quality.ts'
import type { Tx } from '../store/store.ts'
import { startOf } from './grains.ts'
import type { Places } from './places.ts'
import { parseRate, type Rate, type Rates, toUsdMicros } from './rates.ts'
import type { Tally } from './tally.ts'
import { type ForeignPurchase, purchasesOf } from './window-purchases.ts'

export type RestateParts = {
  readonly rates: Rates
  readonly places: Places
  readonly tally: Tally
}

/**
 * Rates that were imported: each purchase of that day in those currencies is counted with the new
 * rate in the place of the old one, event by event, so that it ends as if the rate had been there first.
 */
export async function restate(tx: Tx, event: EnrichedEvent, parts: RestateParts): Promise<void> {
  const imported = importedRates(event.event)
  if (imported === null) return
  const { day, rates } = imported
  for (const [currency, text] of rates) {
    const before = await parts.rates.of(tx, day, currency)
    await parts.rates.set(tx, day, currency, text, event.offset)
    const after = parseRate(text)
    const correct = (purchase: ForeignPurchase): void =>
      correctPurchase(parts, { purchase, currency, before, after }, event.offset)
    for await (const purchase of purchasesOf(tx, day, currency)) correct(purchase)
    // Those of this batch that came before are not written yet.
    for (const purchase of parts.tally.foreign) {
      if (purchase.day === day && purchase.currency === currency) correct(purchase)
    }
  }
}

type Correction = {
  readonly purchase: ForeignPurchase
  readonly currency: string
  readonly before: Rate | null
  readonly after: Rate | null
}

function correctPurchase(
  { places, tally }: RestateParts,
  { purchase, currency, before, after }: Correction,
  offset: number,
): void {
  const { minute, app, country, platform, amountMicros } = purchase
  const was = toUsdMicros(amountMicros, before)
  const is = toUsdMicros(amountMicros, after)
  if (was === is) return
  const at = { minute, app, place: places.of(country, platform) }
  const revenue = {
    metric: 'revenue_usd_micros',
    label: '',
    value: (is ?? 0) - (was ?? 0),
  } as const
  tally.correct(at, revenue, offset)
  const sign = was === null ? -1 : is === null ? 1 : 0
  if (sign === 0) return
  tally.correct(at, { metric: 'unconverted', label: currency, value: sign * amountMicros }, offset)
}

/** Null unless it is what the import logs: a day, and rates by currency. */
function importedRates(
  payload: unknown,
): { readonly day: number; readonly rates: readonly (readonly [string, string])[] } | null {
  if (typeof payload !== 'object' || payload === null) return null
  if (!('date' in payload) || !('usd_per_unit' in payload)) return null
  const { date, usd_per_unit: table } = payload
  const at = typeof date === 'string' ? Date.parse(`${date}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(at) || typeof table !== 'object' || table === null) return null
  const rates = Object.entries(table).flatMap(([currency, text]) =>
    typeof text === 'string' && parseRate(text) !== null ? [[currency, text] as const] : [],
  )
  return { day: startOf('day', at), rates }
}
