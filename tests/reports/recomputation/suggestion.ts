import { printDecimal, roundedQuotient } from './decimal.ts'

/** What moved. `OfHistory` are sums over the days of the last seven that had a cost. */
export type Movement = {
  readonly costMicros: bigint
  readonly costMicrosOfHistory: bigint
  readonly revenueMicros: bigint
  readonly revenueMicrosOfHistory: bigint
  readonly daysOfHistory: bigint
  readonly chargebacks: number
  readonly chargebackMicros: bigint
}

/** What a marketer reads beside an anomaly; README.md has the rule in words. */
export function suggestionFor(movement: Movement): string {
  const { costMicros, costMicrosOfHistory, revenueMicros, revenueMicrosOfHistory } = movement
  const { daysOfHistory, chargebacks, chargebackMicros } = movement
  const spend = moved(costMicros, costMicrosOfHistory, daysOfHistory)
  const revenue = moved(revenueMicros, revenueMicrosOfHistory, daysOfHistory)
  const lost =
    chargebacks === 0
      ? ''
      : `, ${chargebacks} ${chargebacks === 1 ? 'chargeback' : 'chargebacks'} ` +
        `took ${printCents(chargebackMicros, 1n)} USD`
  return `Spend ${spend.text}, revenue ${revenue.text}${lost}. ${action(movement, spend, revenue)}`
}

type Moved = { readonly direction: 'up' | 'down' | 'steady'; readonly text: string }

function action(movement: Movement, spend: Moved, revenue: Moved): string {
  const { revenueMicros, revenueMicrosOfHistory, costMicrosOfHistory, daysOfHistory } = movement
  const missing = revenueMicrosOfHistory - revenueMicros * daysOfHistory
  const returned = 2n * movement.chargebackMicros * daysOfHistory
  if (movement.chargebacks > 0 && missing > 0n && returned >= missing) {
    return 'Look at the charged-back purchases before you change the budget.'
  }
  if (revenueMicros === 0n) {
    return 'Check the link, the store page and the tracking before you spend more.'
  }
  const meanCost = printCents(costMicrosOfHistory, daysOfHistory)
  if (spend.direction === 'up') return `Go back to ${meanCost} USD a day until revenue recovers.`
  if (revenue.direction === 'down') {
    return 'The spend brings players who buy less: check audience, creatives and the shop.'
  }
  return 'The last days were unusually good: watch another day before you change the budget.'
}

/** Ten percent either way is a move. */
function moved(micros: bigint, total: bigint, days: bigint): Moved {
  const now = micros * days
  const numbers = `(${printCents(micros, 1n)} USD, mean ${printCents(total, days)})`
  if (total === 0n || (now * 10n < total * 11n && now * 10n > total * 9n)) {
    return { direction: 'steady', text: `steady ${numbers}` }
  }
  const direction = now > total ? 'up' : 'down'
  const percent = roundedQuotient(100n * (now > total ? now - total : total - now), total)
  return { direction, text: `${direction} ${percent}% ${numbers}` }
}

/** Dollars of `micros / divisor` with two decimals, half away from zero. */
function printCents(micros: bigint, divisor: bigint): string {
  return printDecimal(roundedQuotient(micros, 10_000n * divisor), 2, 2)
}
