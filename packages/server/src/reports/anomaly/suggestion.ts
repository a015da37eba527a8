import type { Roas } from '../roas/roas.ts'

type Totals = { readonly cost: bigint; readonly revenue: bigint; readonly days: bigint }
type Move = { readonly direction: 'up' | 'down' | 'steady'; readonly words: string }

/**
 * What moved and what to do about it, in two sentences for a marketer. Means are over the days of
 * the history, which has at least one.
 */
export function suggestion(today: Roas, history: readonly Roas[]): string {
  const totals: Totals = {
    cost: history.reduce((sum, { cost }) => sum + cost, 0n),
    revenue: history.reduce((sum, { revenue }) => sum + revenue, 0n),
    days: BigInt(history.length),
  }
  const spend = move(today.cost, totals.cost, totals.days)
  const revenue = move(today.revenue, totals.revenue, totals.days)
  const moved = `Spend ${spend.words}, revenue ${revenue.words}${chargebacksOf(today)}.`
  return `${moved} ${advice(today, totals, spend, revenue)}`
}

function chargebacksOf({ chargebacks, chargedBack }: Roas): string {
  if (chargebacks === 0) return ''
  const noun = chargebacks === 1 ? 'chargeback' : 'chargebacks'
  return `, ${chargebacks} ${noun} took ${dollars(chargedBack, 1n)} USD`
}

function advice(today: Roas, totals: Totals, spend: Move, revenue: Move): string {
  const missing = totals.revenue - today.revenue * totals.days
  const chargebacksExplainIt =
    today.chargebacks > 0 && missing > 0n && 2n * today.chargedBack * totals.days >= missing
  if (chargebacksExplainIt) {
    return 'Look at the charged-back purchases before you change the budget.'
  }
  if (today.revenue === 0n) {
    return 'Check the link, the store page and the tracking before you spend more.'
  }
  if (spend.direction === 'up') {
    return `Go back to ${dollars(totals.cost, totals.days)} USD a day until revenue recovers.`
  }
  return revenue.direction === 'down'
    ? 'The spend brings players who buy less: check audience, creatives and the shop.'
    : 'The last days were unusually good: watch another day before you change the budget.'
}

/** A change of less than ten percent is none. */
function move(now: bigint, total: bigint, days: bigint): Move {
  const numbers = `(${dollars(now, 1n)} USD, mean ${dollars(total, days)})`
  const scaled = now * days
  const isSteady = total === 0n || (10n * scaled < 11n * total && 10n * scaled > 9n * total)
  if (isSteady) return { direction: 'steady', words: `steady ${numbers}` }
  const direction = scaled > total ? 'up' : 'down'
  const difference = scaled > total ? scaled - total : total - scaled
  const percent = rounded(100n * difference, total)
  return { direction, words: `${direction} ${percent}% ${numbers}` }
}

/** Dollars with two decimals of micros ÷ divisor; neither is negative. */
function dollars(micros: bigint, divisor: bigint): string {
  const digits = String(rounded(micros, 10_000n * divisor)).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** A quotient of what is not negative, half away from zero. */
const rounded = (above: bigint, below: bigint): bigint => (above * 2n + below) / (below * 2n)
