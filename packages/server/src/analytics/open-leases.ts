import { both, createLeases, type Leases } from './lease.ts'
import type { AnalyticsPlace } from './open-analytics.ts'
import { createSharedLeases, type SharedLeasesParts } from './shared-lease.ts'

export type LeasesParts = SharedLeasesParts & {
  /** The file of the analytics, or where it would lie: locks of this machine lie beside it. */
  readonly file: string
}

/**
 * What guards files of this machine, on which no compare-and-set holds. A process that was stopped for
 * a while goes on writing them when it wakes, so nobody here takes over before it has ended.
 */
const GUARDS_FILES = new Set(['lake'])

/** The leases of analytics that lie in `place`: of this machine, or of all nodes. */
export function openLeases(parts: LeasesParts, place: AnalyticsPlace): Leases {
  const ofMachine = createLeases(parts.file)
  if (place.kind === 'sqlite') return ofMachine
  const ofAll = createSharedLeases(parts)
  const ofBoth = both(ofMachine, ofAll)
  return (name) => (GUARDS_FILES.has(name) ? ofBoth(name) : ofAll(name))
}
