/** A postback that is proven to be the provider's. Texts are empty for none. */
export type LoggedPostback = {
  /** Of its event in the log. */
  readonly offset: number
  /** Milliseconds since the epoch. */
  readonly occurredAt: number
  readonly eventName: string
  readonly appsflyerId: string
  readonly customerUserId: string
  readonly revenueUsd: string
  readonly campaign: string
  readonly receiptId: string
}

/** An event that a game sent under an id of its own. */
export type LoggedEvent = {
  readonly offset: number
  readonly playerId: string | null
  /** Milliseconds since the epoch. */
  readonly occurredAt: number
  /** The event's fields as JSON. */
  readonly payload: string | null
}

/** The log as the reports read it: in its order, page by page, up to an offset that is included. */
export interface ReportLog {
  /** The newest offset; whatever comes later changes nothing up to it. */
  newestOffset(): Promise<number>
  postbacks(until: number): AsyncIterable<readonly LoggedPostback[]>
  events(eventType: string, until: number): AsyncIterable<readonly LoggedEvent[]>
  close(): Promise<void>
}
