import type { LogRecord } from '../log/log.ts'

/** Whom an event makes active, and where. */
export type ActivePlayer = {
  readonly id: string
  readonly country: string
  readonly country_code: string
  readonly platform: string
}

export type EnrichedPurchase = {
  readonly amount_micros: number
  readonly currency: string
  readonly product_id: string
  readonly store?: string
  readonly transaction_id?: string
}

/** An event after all rules, as it lies in `enriched_batches`. Times are milliseconds since the epoch. */
export type EnrichedEvent = {
  readonly offset: number
  readonly kind: LogRecord['kind']
  readonly app: string
  readonly event_id: string | null
  readonly event_type: string
  readonly player_id: string | null
  readonly received_at: number
  readonly corrected_at: number
  readonly flags: readonly string[]
  /** Of the player who sent it: the event's own, else those of the player's newest `init` before it. */
  readonly country: string
  readonly country_code: string
  readonly platform: string
  readonly players: readonly ActivePlayer[]
  readonly purchase: EnrichedPurchase | null
  /** Its fields as the rules have left them. */
  readonly event: unknown
  readonly sdk: string | null
  readonly app_version: string | null
  readonly device_id: string | null
  readonly seq: number | null
  /** W3C traceparent; only of what is traced. */
  readonly trace?: string
}
