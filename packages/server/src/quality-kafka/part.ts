import type { StoredEvent } from '../log/log.ts'

/** Where a record lies on `events-raw`. */
export type RawPosition = readonly [partition: number, offset: number]

/** An event as it lies on `events-raw`, in our envelope. */
export type Stored = Omit<StoredEvent, 'offset' | 'event_id'> & {
  /** Of the log, where it went through the books; then its copies are known by it. */
  readonly offset?: number
  readonly kind?: 'free' | 'server'
  readonly event_id: string | null
  /** Of what did not go through the books: 16 hexadecimal digits that name what it says. */
  readonly fingerprint?: string
  /** The name that it counts under, where that is not its type. */
  readonly label?: string
  /** Of what stands in the place of a refused event and keeps its times: when it was put right. */
  readonly replayed_at?: number
}

/** Why an event counts nowhere. `door`: it is no event of ours at all; `quality`: a rule refused it. */
export type Refused = {
  readonly reason: string
  readonly path: string | null
  readonly stage: 'door' | 'quality'
}

/** What lies on `events-by-player`. `part` counts the players of an event; -1 for what is no event. */
export type Part = {
  readonly raw: RawPosition
  readonly part: number
  /** Whose offset of the log it bears; none of what relays before wrote, or nobody relayed. */
  readonly books?: string
} & (
  | { readonly is: 'event'; readonly player: string | null; readonly stored: Stored }
  | { readonly is: 'refused'; readonly refused: Refused; readonly stored: Stored }
  | {
      readonly is: 'foreign'
      readonly refused: Refused
      readonly app: string
      readonly event_id: string | null
      readonly event_type: string | null
      readonly received_at: number
      /** The untouched bytes. */
      readonly base64: string
    }
  /** Goes to every partition: so each of them changes its rates at a place of its own order. */
  | {
      readonly is: 'rates'
      readonly date: string
      readonly usd_per_unit: Readonly<Record<string, string>>
    }
  | { readonly is: 'heartbeat'; readonly time_ms: number }
)

export type PartOf<K extends Part['is']> = Extract<Part, { readonly is: K }>
