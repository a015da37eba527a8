import type { LogText } from '../log/log.ts'

/** An event as it goes to Kafka. */
export type Outgoing = {
  /** Of the log. */
  readonly offset: number
  readonly app: string
  readonly playerId: string | null
  /** What stands for it in the key when it has no player. */
  readonly otherwise: string
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  readonly value: string
  /** What an event of `POST /event` calls itself, and when it happened; null for all others. */
  readonly free: { readonly type: string; readonly at: number } | null
  /** W3C traceparent; only of what is traced. */
  readonly trace?: string
}

type Head = {
  readonly offset: number
  readonly kind?: string
  readonly app: string
  readonly event_id: string | null
  readonly event_type: string
  readonly player_id: string | null
  readonly received_at: number
  readonly corrected_at: number
  readonly trace?: string
}

/** The value is the log's own text: only what is needed for the key is parsed. */
export function outgoingOf({ head, event }: LogText): Outgoing {
  const said: Head = JSON.parse(head)
  // What a game sends is known to be JSON; what comes through other doors is any text.
  const text = said.kind === undefined ? event : jsonOf(event)
  return {
    offset: said.offset,
    app: said.app,
    playerId: said.player_id,
    otherwise: said.event_id ?? `offset ${said.offset}`,
    receivedAt: said.received_at,
    value: `${head.slice(0, -1)},"event":${text ?? 'null'}}`,
    free: said.kind === 'free' ? { type: said.event_type, at: said.corrected_at } : null,
    ...(said.trace === undefined ? {} : { trace: said.trace }),
  }
}

function jsonOf(text: string | null): string | null {
  if (text === null) return null
  try {
    JSON.parse(text)
    return text
  } catch {
    return JSON.stringify(text)
  }
}
