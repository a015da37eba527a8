/** Bounds and times, each of which a game may change. */
export type Settings = {
  /** The queue on the device. What exceeds it is given up, the least important and oldest first. */
  readonly queueEventsMax: number
  readonly queueBytesMax: number
  /** Older events are given up: the server forgets ids after 35 days and would count them again. */
  readonly ageMaxMs: number
  readonly eventBytesMax: number
  /** Sends when so many events wait, or after the interval; purchases and installs at once. */
  readonly flushEvents: number
  readonly flushIntervalMs: number
  readonly batchEventsMax: number
  readonly batchBytesMax: number
  /** Browsers refuse more than 64 KiB in all from a page that is being left. */
  readonly keepaliveBytesMax: number
  readonly requestTimeoutMs: number
  /** Pauses after failures are random between 0 and a bound that doubles from the first to the second. */
  readonly backoffMinMs: number
  readonly backoffMaxMs: number
  /** A server that asks for more is asked again after this. */
  readonly retryAfterMaxMs: number
  /** Coming back after a longer absence is another session. */
  readonly sessionPauseMaxMs: number
  /** How often queues of tabs and processes that died are looked for. */
  readonly adoptIntervalMs: number
}

export const SETTINGS: Settings = {
  queueEventsMax: 10_000,
  queueBytesMax: 5_000_000,
  ageMaxMs: 30 * 86_400_000,
  eventBytesMax: 32 * 1_024,
  flushEvents: 20,
  flushIntervalMs: 10_000,
  batchEventsMax: 500,
  batchBytesMax: 1_000_000,
  keepaliveBytesMax: 60_000,
  requestTimeoutMs: 30_000,
  backoffMinMs: 500,
  backoffMaxMs: 60_000,
  retryAfterMaxMs: 300_000,
  sessionPauseMaxMs: 1_800_000,
  adoptIntervalMs: 60_000,
}
