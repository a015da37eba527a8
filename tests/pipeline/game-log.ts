// A log with game events in it, as ingest writes them, without HTTP: what the pipeline's tests begin with.
import { hash } from 'node:crypto'
import { join } from 'node:path'
import {
  createLog,
  type Delivery,
  type Log,
  type NewGameEvent,
  RECORD_GAME_EVENTS,
  type RefusedEvent,
} from '../../packages/server/src/log/log.ts'
import { systemClock } from '../../packages/server/src/platform/platform.ts'
import {
  createWriter,
  migrate,
  type Store,
  type Writer,
} from '../../packages/server/src/store/store.ts'
import type { FreshDatabase } from '../database.ts'
import { fileOf, openTestStore } from '../open-store.ts'

/** Noon of 1 March 2026. */
export const NOON = Date.UTC(2026, 2, 1, 12)

/** An event on its way into the log; `fields` are its own, beside or in the place of the usual ones. */
export type GameEventParts = {
  readonly type: string
  readonly app?: string
  readonly eventId?: string
  readonly player?: string | null
  readonly at?: number
  readonly receivedAt?: number
  readonly sdk?: string | null
  readonly fields?: Readonly<Record<string, unknown>>
  /** Its bytes, instead of those that are made of all this. */
  readonly text?: string
  /** The door lets it in unless it says why not. */
  readonly refused?: { readonly reason: string; readonly path: string }
}

let made = 0
const nextId = (): string => {
  made += 1
  return `00000000-0000-7000-8000-${made.toString(16).padStart(12, '0')}`
}

/** Ways into a log. */
export type LogWriting = {
  /** Logs events in one commit. */
  games(...events: readonly GameEventParts[]): Promise<void>
  /** Logs what the server writes itself, or what came through `POST /event`. */
  plain(event: {
    readonly type: string
    readonly app?: string
    readonly player?: string | null
    readonly at?: number
    readonly payload?: unknown
  }): Promise<{ readonly offset: number }>
}

export type GameLog = LogWriting & {
  readonly store: Store
  readonly url: string
  /** Where the analytics file of these books lies. */
  readonly analyticsFile: string
  close(): Promise<void>
}

/** Into the log of books that are open. */
export const logOf = ({
  writer,
  log,
}: {
  readonly writer: Writer
  readonly log: Log
}): LogWriting => ({
  async games(...events) {
    const inputs = events.map((event) => ({
      delivery: deliveryOf(event),
      events: event.refused ? [] : [newGameEvent(event)],
      refused: event.refused ? [refusedEvent(event, event.refused)] : [],
      progress: null,
    }))
    await Promise.all(inputs.map((input) => writer.submit(RECORD_GAME_EVENTS, input)))
  },
  async plain({ type, app = 'game', player = null, at = NOON, payload = null }) {
    const recorded = await log.record({
      ...{ app, eventType: type, playerId: player, occurredAt: at, receivedAt: at },
      payload: payload === null ? null : JSON.stringify(payload),
      intent: null,
      mustExist: false,
    })
    if (recorded.kind !== 'recorded') throw new Error(`it was not recorded: ${recorded.kind}`)
    return recorded
  },
})

export async function openGameLog(database: { fresh(): Promise<FreshDatabase> }): Promise<GameLog> {
  const { url, drop } = await database.fresh()
  const store = openTestStore(url)
  await migrate(store, () => 0)
  const onFatal = (error: Error) => {
    throw error
  }
  const { monotonic } = systemClock
  const writer = createWriter({ store, monotonic, onFatal }, { commitWritesMax: 1_024 })
  return {
    ...logOf({ writer, log: createLog({ store, writer }) }),
    store,
    url,
    analyticsFile: join(fileOf(url), '../analytics.db'),
    async close() {
      await store.close()
      await drop()
    },
  }
}

const deliveryOf = (event: GameEventParts): Delivery => ({
  app: event.app ?? 'game',
  requestId: null,
  sdk: event.sdk === undefined ? 'questline-js/1.0.0' : event.sdk,
  source: 'http',
  sentAt: null,
  receivedAt: event.receivedAt ?? (event.at ?? NOON) + 1_000,
})

function newGameEvent(event: GameEventParts): NewGameEvent {
  const { type, eventId = nextId(), player = null, at = NOON, fields = {} } = event
  const body = {
    event_id: eventId,
    event_type: type,
    occurred_at: new Date(at).toISOString(),
    ...(player === null ? {} : { player_id: player }),
    ...fields,
  }
  const text = event.text ?? JSON.stringify(body)
  return {
    eventId,
    fingerprint: hash('sha256', text, 'buffer').toString('latin1', 0, 8),
    eventType: type,
    playerId: player,
    occurredAt: at,
    correctedAt: Math.min(at, event.receivedAt ?? at),
    flags: [],
    transaction: null,
    text,
    line: null,
  }
}

function refusedEvent(
  event: GameEventParts,
  { reason, path }: { readonly reason: string; readonly path: string },
): RefusedEvent {
  const { eventId, eventType, text, line } = newGameEvent(event)
  return { eventId, eventType, reason, path, raw: Buffer.from(text), line }
}
