export type Clock = {
  /** Wall clock, milliseconds since the epoch. For what people and other machines see. */
  now(): number
  /** Milliseconds since some start, never backwards. For durations, delays and limits. */
  monotonic(): number
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }

/** RFC 3339 in UTC with milliseconds. */
export const toInstant = (epochMs: number): string => new Date(epochMs).toISOString()
