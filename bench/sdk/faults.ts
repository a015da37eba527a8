import type { Weather } from './faulty-server.ts'

/** What goes wrong, and what the game does meanwhile. Times count from the beginning of the fault. */
export type Fault = {
  readonly name: string
  readonly weather: Weather
  /** Then the server is well again. */
  readonly forMs: number
  /** Events recorded at once, as the fault begins; after them one every half second. */
  readonly burst: number
  /** Free text with each event. */
  readonly textChars: number
  /** The game is killed and started again. */
  readonly restart?: { readonly killAtMs: number; readonly againAtMs: number }
  /** How many events may wait in ours; its own bound otherwise. */
  readonly queueEvents?: number
}

export const EVERY_MS = 500
/** The game records until then. */
export const RECORD_MS = 25_000
/** Then it ends, in the way that each SDK's documentation says. */
export const END_MS = 65_000
export const END_WITHIN_MS = 8_000
export const PURCHASE_EVERY = 10

const USUAL = { forMs: 20_000, burst: 40, textChars: 200 }

export const FAULTS: readonly Fault[] = [
  { ...USUAL, name: 'no fault', weather: 'up' },
  { ...USUAL, name: 'outage, 20 s', weather: 'cut' },
  {
    ...USUAL,
    name: 'outage, 20 s, game killed in it',
    weather: 'cut',
    restart: { killAtMs: 6_000, againAtMs: 8_000 },
  },
  { ...USUAL, name: '503, 20 s', weather: 'unavailable' },
  { ...USUAL, name: '503 without a body, 20 s', weather: 'unavailable-bare' },
  { ...USUAL, name: '429, Retry-After 8 s', weather: 'too-many', forMs: 8_000 },
  { ...USUAL, name: 'answers after 12 s', weather: 'slow' },
  { ...USUAL, name: 'answers lost, 10 s', weather: 'answers-lost', forMs: 10_000 },
  {
    ...USUAL,
    name: 'requests above 32 KiB refused',
    weather: 'small',
    textChars: 4_000,
    forMs: Number.POSITIVE_INFINITY,
  },
]

/** By itself, since some SDKs write their whole queue anew for each event. */
export const OVERFLOW: Fault = {
  ...USUAL,
  name: '2,300 events in an outage, 20 s',
  weather: 'cut',
  burst: 2_300,
}

/** What ours gives up when its queue is as short as others' is. */
export const SHORT_QUEUE: Fault = {
  ...OVERFLOW,
  name: '2,300 events in an outage, 20 s, 1,000 may wait',
  queueEvents: 1_000,
}
