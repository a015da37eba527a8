/** US dollars for one unit, as a plain decimal, by `YYYY-MM-DD CODE`. */
export type UsdRates = ReadonlyMap<string, string>

/** Micros of US dollars, half away from zero; null without a rate of that UTC day. */
export function usdMicros(
  { amountMicros, currency }: { readonly amountMicros: number; readonly currency: string },
  at: number,
  rates: UsdRates,
): number | null {
  if (currency === 'USD') return amountMicros
  const day = new Date(at).toISOString().slice(0, 10)
  const rate = rates.get(`${day} ${currency}`)
  if (rate === undefined) return null
  const [whole = '', fraction = ''] = rate.split('.')
  const scale = 10n ** BigInt(fraction.length)
  const scaled = BigInt(amountMicros) * BigInt(whole + fraction)
  const rest = scaled % scale
  return Number(scaled / scale + (rest * 2n >= scale ? 1n : 0n))
}
