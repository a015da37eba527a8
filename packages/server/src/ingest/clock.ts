/** A reading of a clock that nobody can set, within one run of the app. */
export type Monotonic = { readonly run: string; readonly ms: number }

/** What is known of when an event happened. Milliseconds since the epoch. */
export type Times = {
  /** By the device's clock. */
  readonly occurredAt: number
  /** By the device's clock, where it said so. */
  readonly sentAt: number | null
  readonly receivedAt: number
  /** How old the event was when it was sent, by a clock that nobody can set. */
  readonly age: number | null
}

export type Corrected = { readonly at: number; readonly flags: readonly string[] }

/** Up to here it is the network and not the clock. */
const TOLERATED_MS = 2_000

const UNFLAGGED: readonly string[] = []
const FLAGS = {
  age: ['clock_corrected_by_age'],
  sent: ['clock_corrected_by_sent_at'],
} as const

/**
 * When an event really happened, as far as anybody can know: the device's time plus the error of the
 * device's clock, and never later than its receipt. An honest clock's time stays as it is.
 */
export function correctClock({ occurredAt, sentAt, receivedAt, age }: Times): Corrected {
  const error =
    age !== null ? receivedAt - age - occurredAt : sentAt !== null ? receivedAt - sentAt : 0
  const isWrong = Math.abs(error) > TOLERATED_MS
  const at = isWrong ? Math.round(occurredAt + error) : occurredAt
  const flags = isWrong ? (age !== null ? FLAGS.age : FLAGS.sent) : UNFLAGGED
  return at > receivedAt ? { at: receivedAt, flags: [...flags, 'clock_clamped'] } : { at, flags }
}

/** For what nobody sent from a device just now: only held to be no later than its receipt. */
export const clampClock = (occurredAt: number, receivedAt: number): Corrected =>
  occurredAt > receivedAt
    ? { at: receivedAt, flags: ['clock_clamped'] }
    : { at: occurredAt, flags: UNFLAGGED }

/** How old an event was at sending; null unless both readings are of one run and in order. */
export function ageOf(event: unknown, sending: Monotonic | null): number | null {
  if (sending === null || typeof event !== 'object' || event === null) return null
  const { run, ms } = event as Partial<Monotonic>
  if (run !== sending.run || typeof ms !== 'number' || ms > sending.ms) return null
  return sending.ms - ms
}
