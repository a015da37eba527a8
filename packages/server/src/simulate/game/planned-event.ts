import type { EventStatus, VerdictCode } from '@questline/contracts'

/** Where a player is, as the numbers must count it. */
export type Place = { readonly country: string; readonly platform: string }

/** Somebody whom an event makes active, by number in the cast. */
export type Active = Place & { readonly player: number }

/** What an event must change in the numbers. */
export type Facts = {
  /** Where it was sent from. */
  readonly place: Place
  readonly active: readonly Active[]
  readonly purchase: { readonly amountMicros: number; readonly currency: string } | null
}

/** The final verdict that the door must give. */
export type Expected = { readonly status: EventStatus; readonly code?: VerdictCode }

/** What the game tells late happened so long before, at the most. */
export const LATE_MS_MAX = 40 * 60_000

/** One event of the game before it is sent, with all that must come of it. */
export type PlannedEvent = {
  readonly id: string
  /** Its family; what no family is called is part of the game. */
  readonly type: string
  /** When it happens, by a right clock: milliseconds since the epoch. */
  readonly at: number
  /** It says itself when it was, because the game tells of it later. */
  readonly isLate: boolean
  readonly fields: Readonly<Record<string, unknown>>
  readonly expects: Expected
  /** Null: accepted, and then refused by the rules of quality, so that it counts nowhere. */
  readonly facts: Facts | null
}

/** What one player does at one moment. */
export type Turn = {
  /** Milliseconds since the epoch, by a right clock. Turns come in the order of time. */
  readonly at: number
  readonly player: number
  readonly events: readonly PlannedEvent[]
  /** From now on the player has no connection for so many milliseconds. */
  readonly offlineMs: number
  /** Afterwards the device's clock is wrong by so much; null leaves it as it is. */
  readonly setSkewMs: number | null
}
