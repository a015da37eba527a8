// Books in which a game and its attribution provider wrote: postbacks as they arrive, signed or not,
// and events that a game sent under ids of their own.
import { createHmac, randomUUID } from 'node:crypto'
import {
  type Attribution,
  createAttribution,
} from '../packages/server/src/attribution/attribution.ts'
import { type NewGameEvent, RECORD_GAME_EVENTS } from '../packages/server/src/log/log.ts'
import { aDelivery, aGameEvent } from './builders.ts'
import type { FreshDatabase } from './database.ts'
import { type BooksFixture, freshBooks } from './fresh-books.ts'

const SECRET = 'the secret of a provider in the tests'
const HEADER = 'X-AF-Signature'
/** Whatever happened before is received now. */
const RECEIVED = Date.UTC(2026, 2, 11, 12)

type Fields = Readonly<Record<string, unknown>>

export type LoggedSales = BooksFixture & {
  /** Delivers a purchase with these changes; returns the offset of its event. */
  postback(changes: Fields, proof?: 'signed' | 'unsigned'): Promise<number>
  /** Logs an event of a game; with `free` as `POST /event` does. Returns its offset. */
  event(
    type: string,
    player: string | null,
    at: string,
    fields?: Fields,
    free?: 'free',
  ): Promise<number>
  /** Logs many sessions, one each millisecond, of these players in turn. */
  sessions(count: number, players: readonly string[], at: string): Promise<void>
}

export async function loggedSales(database: {
  fresh(): Promise<FreshDatabase>
}): Promise<LoggedSales> {
  const books = await freshBooks(database)
  const attribution = createAttribution(
    { writer: books.writer, append: books.log.append },
    {
      unsignedPostbacks: true,
      verifiers: [{ kind: 'hmac', header: HEADER, secrets: [SECRET] }],
      defaultApp: 'default',
    },
  )
  const free = async (type: string, playerId: string | null, occurredAt: number, fields: Fields) =>
    books.store.transaction((tx) =>
      books.log.append(tx, [
        {
          ...{ app: 'default', eventType: type, playerId, occurredAt, receivedAt: RECEIVED },
          payload: JSON.stringify(fields),
        },
      ]),
    )
  const game = async (events: readonly NewGameEvent[]): Promise<number> => {
    const delivery = aDelivery({ receivedAt: RECEIVED })
    const recorded = await books.store.transaction((tx) =>
      RECORD_GAME_EVENTS.apply(tx, [{ delivery, events, refused: [], progress: null }]),
    )
    const outcome = recorded[0]?.[0]
    if (outcome?.kind !== 'accepted') throw new Error(`it was not logged: ${outcome?.kind}`)
    return outcome.offset
  }
  const happened = (eventType: string, playerId: string | null, at: number, fields: Fields) => {
    const eventId = randomUUID()
    const text = JSON.stringify({ event_id: eventId, ...fields })
    return aGameEvent({ eventId, eventType, playerId, occurredAt: at, correctedAt: at, text })
  }
  return {
    ...books,
    postback: (changes, proof = 'signed') => deliver(attribution, changes, proof),
    event: (type, player, at, fields = {}, kind) =>
      kind === 'free'
        ? free(type, player, Date.parse(at), fields)
        : game([happened(type, player, Date.parse(at), fields)]),
    async sessions(count, players, at) {
      const start = Date.parse(at)
      const player = (n: number) => players[n % players.length] ?? null
      await game(
        Array.from({ length: count }, (_, n) =>
          happened('session_start', player(n), start + n, {}),
        ),
      )
    },
  }
}

async function deliver(
  attribution: Attribution,
  changes: Fields,
  proof: 'signed' | 'unsigned',
): Promise<number> {
  const payload = { event_name: 'af_purchase', media_source: 'ads', ...changes }
  const rawBody = Buffer.from(JSON.stringify(payload))
  const signature = createHmac('sha256', SECRET).update(rawBody).digest('hex')
  const { eventId } = await attribution.receive({
    rawBody,
    payload,
    header: (name) => (proof === 'signed' && name === HEADER.toLowerCase() ? [signature] : []),
    address: '203.0.113.7',
    receivedAt: RECEIVED,
  })
  return eventId
}
