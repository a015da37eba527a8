import type { Instant } from './time.ts'

/** What rows are ordered by; nothing of it depends on a row's place in its file. */
export type Ordered = {
  readonly instant: Instant
  /** As read, before a chargeback. */
  readonly micros: bigint
  readonly receipt: string
  readonly campaignKey: string
  /** The columns of the file as read, in the order of the contract. */
  readonly asRead: readonly string[]
}

/** The order of rows: instant, amount, receipt, campaign key, then the columns as read. */
export function inRowOrder(a: Ordered, b: Ordered): number {
  if (a.instant !== b.instant) return a.instant < b.instant ? -1 : 1
  if (a.micros !== b.micros) return a.micros < b.micros ? -1 : 1
  const textsOfB = [b.receipt, b.campaignKey, ...b.asRead]
  const differences = [a.receipt, a.campaignKey, ...a.asRead].map((text, at) =>
    emptyLast(text, textsOfB[at] ?? ''),
  )
  return differences.find((difference) => difference !== 0) ?? 0
}

function emptyLast(a: string, b: string): number {
  if (a === b) return 0
  if (a === '' || b === '') return a === '' ? 1 : -1
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
