import type { LogRecord } from '../log/log.ts'
import type { Stored } from './part.ts'

/**
 * A record of `events-enriched`, flat, so that SQL reads it without unpacking. One for each player of an
 * event: `part` counts them, and whoever counts events takes part 0. Times in milliseconds.
 */
export type EnrichedRecord = {
  readonly event_id: string
  readonly part: number
  readonly app: string
  readonly event_type: string
  /** The name that it counts under, where that is not its type. */
  readonly label?: string
  readonly kind: LogRecord['kind']
  /** When it happened, corrected. */
  readonly time_ms: number
  readonly received_ms: number
  /** Whom it makes active; null for what the server logs itself. */
  readonly user_id: string | null
  readonly country_code: string
  readonly platform: string
  readonly is_purchase: boolean
  readonly currency: string | null
  readonly amount_micros: number | null
  /** Null too where no rate was known in this partition's order. */
  readonly revenue_usd_micros: number | null
  /** On `events-raw`, as `partition:offset`. */
  readonly position: string
  /** Its fields as the rules have left them. */
  readonly event: unknown
  readonly sdk: string | null
  readonly app_version: string | null
  readonly device_id: string | null
  readonly seq: number | null
}

/** Where a record of `events-by-player` lies, of which this one was made. */
type From = { readonly from: readonly [partition: number, offset: number] }

/**
 * What else lies in a record of `events-enriched`, for whoever keeps events and does not only count
 * them. `from` tells copies: writers go on in order, so what does not lie behind all before it is one.
 */
export type KeptRecord = EnrichedRecord &
  From & {
    /** Of the log; null for what did not go through the books. */
    readonly log_offset: number | null
    /** When it came first, if it was refused then and put right at `received_ms`. */
    readonly arrived_ms?: number
    readonly player_id: string | null
    readonly flags: readonly string[]
    readonly country: string
    readonly product_id: string | null
    readonly store: string | null
    readonly transaction_id: string | null
  }

/** The same of `events-rejected`; null where it was no event of ours. */
export type KeptRejected = RejectedRecord &
  From & { readonly log: Omit<Stored, 'event' | 'fingerprint' | 'replayed_at'> | null }

/** A record of `events-rejected`. */
export type RejectedRecord = {
  readonly position: string
  readonly app: string
  readonly event_id: string | null
  readonly event_type: string | null
  readonly player_id: string | null
  readonly reason: string
  /** JSON pointer of the field at fault. */
  readonly path: string | null
  /**
   * `door`: no event of ours; `quality`: a rule; `ids`: its id, or its store's transaction, stood for
   * something else before.
   */
  readonly stage: 'door' | 'quality' | 'ids'
  readonly received_ms: number
  /** Its fields, where it was JSON of ours; else null, and its bytes. */
  readonly event: unknown
  readonly base64: string | null
}
