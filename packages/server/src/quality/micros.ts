/**
 * Millionths of an amount that JSON holds as a number: its shortest decimal text times 10⁶, half
 * away from zero where it has more digits than that. Null for what no amount is, or none that a
 * reader of JSON would keep exactly.
 */
export function microsOf(amount: unknown): number | null {
  if (typeof amount !== 'number' || !Number.isFinite(amount) || amount < 0) return null
  // Whole cents of everyday prices come out of one multiplication exactly.
  const direct = Math.round(amount * 1e6)
  if (!Number.isSafeInteger(direct)) return null
  if (direct / 1e6 === amount) return direct
  return fromText(String(amount))
}

function fromText(text: string): number {
  const [digits = '', exponent = '0'] = text.split('e')
  const [whole = '', fraction = ''] = digits.split('.')
  // The point stands so many digits from the left of all of them.
  const point = whole.length + Number(exponent) + 6
  const all = (whole + fraction).padEnd(Math.max(point, 0), '0')
  if (point < 0) return 0
  const kept = Number(all.slice(0, point) || '0')
  return (all[point] ?? '0') >= '5' ? kept + 1 : kept
}
