// Books in which a game and its attribution provider wrote: postbacks as they arrive, signed or not,
// and events that a game sent under ids of their own.
import { createHmac, randomUUID } from 'node:crypto'
import {
  type Attribution,
  createAttribution,
} from '../packages/server/src/attribution/attribution.ts'
import type { FreshDatabase } from './database.ts'
import { type BooksFixture, freshBooks } from './fresh-books.ts'
import { plainSql } from './plain-sql.ts'

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
  /** What takes events of games is to come: they are written as it will write them. */
  const append = async (
    type: string,
    events: readonly (readonly [string | null, number, Fields])[],
    isFree: boolean,
  ) => {
    const first = await books.store.transaction((tx) =>
      books.log.append(
        tx,
        events.map(([playerId, occurredAt, fields]) => ({
          ...{ app: 'default', eventType: type, playerId, occurredAt, receivedAt: RECEIVED },
          payload: JSON.stringify(fields),
        })),
      ),
    )
    if (!isFree) {
      await plainSql(
        books.url,
        `UPDATE event_log SET event_id = 'e-' || log_offset WHERE log_offset >= ${first}`,
      )
    }
    return first
  }
  return {
    ...books,
    postback: (changes, proof = 'signed') => deliver(attribution, changes, proof),
    event: (type, player, at, fields = {}, free) =>
      append(
        type,
        [[player, Date.parse(at), { event_id: randomUUID(), ...fields }]],
        free === 'free',
      ),
    async sessions(count, players, at) {
      const start = Date.parse(at)
      const events = Array.from({ length: count }, (_value, n) => {
        return [players[n % players.length] ?? null, start + n, {}] as const
      })
      await append('session_start', events, false)
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
