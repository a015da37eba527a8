/** A run of numbers without a gap, and which version sent its last one. */
type Interval = { first: number; last: number; version: string }

/**
 * What has come of one device's count. A gap belongs to the version before it, one at the start to
 * the version that came first after it.
 */
export type Device = { intervals: Interval[]; firstVersion: string }

/** How many numbers of each version came for the first time, and how many are missing: changes. */
export type Changes = Map<string, { received: number; lost: number }>

/**
 * So many runs of one device are told apart. A device that leaves more gaps has its oldest ones
 * closed for good: they stay lost, and what still comes for them counts as repeated.
 */
const INTERVALS_MAX = 500

export const newDevice = (): Device => ({ intervals: [], firstVersion: '' })

/** Takes one number; a repeated one changes nothing. */
export function receive(device: Device, seq: number, version: string, changes: Changes): void {
  const { intervals } = device
  const newest = intervals.at(-1)
  // By far the most continue the newest run.
  if (newest && seq === newest.last + 1) {
    newest.last = seq
    newest.version = version
    change(changes, version, 1, 0)
    return
  }
  const index = indexFor(intervals, seq)
  const after = intervals[index]
  if (after && after.first <= seq) return
  change(changes, version, 1, 0)
  const before = intervals[index - 1]
  const start = before?.last ?? 0
  // The gap that it lies in is divided: what is left of it belongs to the version before it, what is
  // right of it to its own. At the end of all there was none, and what was jumped over is a new one.
  if (after) change(changes, before?.version ?? device.firstVersion, 0, start + 1 - after.first)
  change(changes, before?.version ?? version, 0, seq - start - 1)
  if (after) change(changes, version, 0, after.first - seq - 1)
  insert(device, { before, after, index }, seq, version)
  if (intervals.length > INTERVALS_MAX) closeOldest(intervals)
}

/** The first run that ends at `seq` or later. */
function indexFor(intervals: readonly Interval[], seq: number): number {
  let low = 0
  let high = intervals.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((intervals[middle]?.last ?? 0) < seq) low = middle + 1
    else high = middle
  }
  return low
}

type Neighbours = {
  readonly before: Interval | undefined
  readonly after: Interval | undefined
  readonly index: number
}

function insert(device: Device, at: Neighbours, seq: number, version: string): void {
  const { before, after, index } = at
  const joinsBefore = before !== undefined && before.last + 1 === seq
  const joinsAfter = after !== undefined && after.first - 1 === seq
  if (index === 0) device.firstVersion = version
  if (joinsBefore && joinsAfter) {
    before.last = after.last
    before.version = after.version
    device.intervals.splice(index, 1)
  } else if (joinsBefore) {
    before.last = seq
    before.version = version
  } else if (joinsAfter) {
    after.first = seq
  } else {
    device.intervals.splice(index, 0, { first: seq, last: seq, version })
  }
}

/** The two oldest runs become one, without the gap between them being given back. */
function closeOldest(intervals: Interval[]): void {
  const [oldest, next] = intervals
  if (!oldest || !next) return
  next.first = oldest.first
  intervals.shift()
}

function change(changes: Changes, version: string, received: number, lost: number): void {
  const known = changes.get(version)
  if (known) {
    known.received += received
    known.lost += lost
  } else changes.set(version, { received, lost })
}
