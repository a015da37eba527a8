/** The zone of times that name none. Made by {@link readInputZone}; immutable but for its memory. */
export type InputZone = {
  /** As Temporal spells it: `UTC`, `Europe/Berlin`, `+02:00`. */
  readonly name: string
  /** Seconds east of UTC when that never changes from 1970 on, else undefined. */
  readonly fixedOffsetSeconds: number | undefined
  /** Offsets of quarter hours of local time that were asked for; NaN where the offset changes. */
  readonly offsets: Map<number, number>
}

const OFFSET = /^[+-](?:[01]\d|2[0-3]):[0-5]\d$/
const QUARTER_SECONDS = 900

/** Reads an IANA name (any case) or `±HH:MM`; undefined for everything else. */
export function readInputZone(text: string): InputZone | undefined {
  const name = text.toUpperCase() === 'Z' ? 'UTC' : text
  if (/^[+-]/.test(name) && !OFFSET.test(name)) return undefined
  try {
    const start = new Temporal.ZonedDateTime(0n, name)
    const steady = start.getTimeZoneTransition('next') === null
    return {
      name: start.timeZoneId,
      fixedOffsetSeconds: steady ? start.offsetNanoseconds / 1e9 : undefined,
      offsets: new Map(),
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Times without a zone are UTC unless a run says otherwise. */
export const UTC: InputZone = { name: 'UTC', fixedOffsetSeconds: 0, offsets: new Map() }

/**
 * Seconds to take from a local time (seconds since 1970-01-01 on the wall) to get UTC. A local time
 * that comes twice is its first occurrence; one that is skipped is read with the offset before the
 * gap.
 */
export function offsetSecondsAt(zone: InputZone, local: number): number {
  if (zone.fixedOffsetSeconds !== undefined) return zone.fixedOffsetSeconds
  const quarter = Math.floor(local / QUARTER_SECONDS)
  let offset = zone.offsets.get(quarter)
  if (offset === undefined) {
    // Temporal takes some 10 µs, and a zone never changes twice within a quarter of an hour: where
    // both ends agree, so does all between.
    const first = slowOffset(zone.name, quarter * QUARTER_SECONDS)
    const last = slowOffset(zone.name, quarter * QUARTER_SECONDS + QUARTER_SECONDS - 1)
    offset = first === last ? first : Number.NaN
    zone.offsets.set(quarter, offset)
  }
  return Number.isNaN(offset) ? slowOffset(zone.name, local) : offset
}

/** Not the offset that Temporal reports: in a gap that is the one after, for a time moved ahead. */
function slowOffset(name: string, local: number): number {
  const wall = Temporal.Instant.fromEpochMilliseconds(local * 1_000).toZonedDateTimeISO('UTC')
  const zoned = wall.toPlainDateTime().toZonedDateTime(name, { disambiguation: 'compatible' })
  return local - zoned.epochMilliseconds / 1_000
}
