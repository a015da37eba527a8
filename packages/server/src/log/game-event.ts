/** What a request or a file says once for all of its events. Times are milliseconds since the epoch. */
export type Delivery = {
  readonly app: string
  readonly requestId: string | null
  /** `name/version`. */
  readonly sdk: string | null
  /** `http`, or `import:` and a name. */
  readonly source: string
  /** By the sender's clock. */
  readonly sentAt: number | null
  readonly receivedAt: number
  /** W3C traceparent; only of what is traced. */
  readonly trace?: string
}

/** The purchase that an event reports, where it names the store's transaction. */
export type Transaction = {
  /** Empty for none. */
  readonly store: string
  /** Not empty. */
  readonly id: string
  readonly amountMicros: number | null
  readonly currency: string | null
}

/** An event that passed the door. Whether it is new is decided within the commit. */
export type NewGameEvent = {
  /** Lower case. */
  readonly eventId: string
  /** 8 bytes over the event's canonical JSON, as Latin-1: equal contents, whichever route brought them. */
  readonly fingerprint: string
  readonly eventType: string
  readonly playerId: string | null
  readonly occurredAt: number
  readonly correctedAt: number
  readonly flags: readonly string[]
  readonly transaction: Transaction | null
  /** The event's own JSON, byte for byte as it was sent. */
  readonly text: string
  /** Of the file that it stands in. */
  readonly line: number | null
}

/** An event that the door did not let in. */
export type RefusedEvent = {
  /** As it was sent, where it was text. */
  readonly eventId: string | null
  readonly eventType: string | null
  /** A code of the contract's verdicts. */
  readonly reason: string
  readonly path: string | null
  /** The untouched bytes, also where they are no JSON. */
  readonly raw: Uint8Array
  readonly line: number | null
}

/** What became of an event that passed the door. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly offset: number }
  /** The same came before; `byTransaction`: under another id. */
  | { readonly kind: 'duplicate'; readonly byTransaction: boolean }
  /** Quarantined: the id, or the store's transaction, came before and said something else. */
  | {
      readonly kind: 'conflict'
      readonly byTransaction: boolean
      readonly firstOffset: number
    }
