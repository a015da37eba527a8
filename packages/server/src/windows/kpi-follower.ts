import type { KpiMetric } from '@questline/contracts'
import type { Read } from '../store/store.ts'
import { GRAIN_MS } from './grains.ts'
import { type KpiQuery, type KpiWindow, readKpi } from './kpi.ts'
import { changesSince, newestChanges } from './window-changes.ts'

/** Where a follower is: all changes of earlier offsets, and of this one those up to a minute. */
export type KpiPosition = { readonly offset: number; readonly start: number }

/** A minute that has changed, as of now. */
export type ChangedMinute = {
  readonly position: KpiPosition
  /** The offset up to which nothing is missing any more once this one is sent; null before the last of an offset. */
  readonly id: number | null
  /** Null when nothing of it is left for this filter. */
  readonly window: KpiWindow | null
}

const CHANGES_AT_ONCE = 60

/** Of one metric alone it is news that a minute has nothing of it any more. */
function emptied(start: number, metric: KpiMetric | null): KpiWindow | null {
  if (metric === null) return null
  const isList = /_by_|^unconverted$/.test(metric)
  return { start, [metric]: isList ? [] : 0 }
}

const NEWEST = 60

/** Before the minutes that changed last, at most an hour of them. */
export async function newestPosition(read: Read): Promise<KpiPosition> {
  const oldest = (await newestChanges(read, NEWEST)).at(-1)
  return oldest ? { offset: oldest.offset, start: oldest.start - 1 } : behind(0)
}

/** Begins behind all changes of an offset. */
export const behind = (offset: number): KpiPosition => ({
  offset,
  start: Number.MAX_SAFE_INTEGER,
})

/**
 * The next minutes that changed after a position, the earliest change first; empty when there are
 * none. A minute that changes again meanwhile comes again: each is sent as it is now.
 */
export async function nextChanges(
  read: Read,
  after: KpiPosition,
  filter: Omit<KpiQuery, 'grain' | 'from' | 'to'>,
): Promise<readonly ChangedMinute[]> {
  // One more than is sent tells whether the last of them ends its offset.
  const changes = await changesSince(read, after, CHANGES_AT_ONCE + 1)
  const sent = changes.slice(0, CHANGES_AT_ONCE)
  const minutes: ChangedMinute[] = []
  for (const [index, { start, offset }] of sent.entries()) {
    const to = start + GRAIN_MS.minute
    const query = { grain: 'minute', from: start, to, ...filter } as const
    const [window = emptied(start, filter.metric)] = await readKpi(read, query)
    const isLast = changes[index + 1]?.offset !== offset
    minutes.push({ position: { offset, start }, id: isLast ? offset : null, window })
  }
  return minutes
}
