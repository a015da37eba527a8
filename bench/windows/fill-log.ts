// Fills a new log with the events of a made-up game, through the same commits as ingest.
import { hash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type NewGameEvent, RECORD_GAME_EVENTS } from '../../packages/server/src/log/log.ts'
import { systemClock, systemRandom } from '../../packages/server/src/platform/platform.ts'
import { createWriter, migrate, openStore } from '../../packages/server/src/store/store.ts'
import { EVENT_TYPES, eventOf, type Moment } from './made-up-events.ts'

export type FillJob = { readonly folder: string; readonly events: number }

const BATCH = 50
const BATCHES_AT_ONCE = 20
const BEGIN = Date.UTC(2026, 2, 1, 12)

const { folder, events }: FillJob = JSON.parse(readFileSync(0, 'utf8'))
const store = openStore(
  { random: systemRandom(), onIdleError: () => undefined },
  { kind: 'sqlite', file: join(folder, 'app.db'), busyTimeoutMs: 5_000 },
)
await migrate(store, () => 0)
const writer = createWriter(
  {
    store,
    monotonic: systemClock.monotonic,
    onFatal: (error) => {
      throw error
    },
  },
  { commitWritesMax: 1_024 },
)

let made = 0
const newEvent = (moment: Moment): NewGameEvent => {
  const eventId = randomUUID()
  const { type, player, at, fields } = eventOf(made, moment)
  made += 1
  const occurred_at = new Date(at).toISOString()
  const body = { event_id: eventId, event_type: type, player_id: player, occurred_at, ...fields }
  return {
    ...{ eventId, eventType: type, playerId: player, occurredAt: at, correctedAt: at },
    fingerprint: hash('sha256', eventId, 'buffer').toString('latin1', 0, 8),
    ...{ flags: [], transaction: null, text: JSON.stringify(body), line: null },
  }
}

while (made < events) {
  const commit = Array.from({ length: BATCHES_AT_ONCE }, () => {
    const moment = { begin: BEGIN, session: Math.floor(Math.random() * 1e6) }
    return writer.submit(RECORD_GAME_EVENTS, {
      delivery: {
        ...{ app: 'game', requestId: null, sdk: 'questline-js/1.0.0', source: 'http' },
        ...{ sentAt: null, receivedAt: BEGIN + made },
      },
      events: Array.from({ length: BATCH }, () => newEvent(moment)),
      ...{ refused: [], progress: null },
    })
  })
  await Promise.all(commit)
}
await store.close()
process.stdout.write(JSON.stringify({ events: made, types: EVENT_TYPES.length }))
