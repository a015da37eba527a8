// Fills a new log with the events of a made-up game over some days, and lets quality judge them. The
// same events go into a plain table of SQLite, one row each, for the yardstick.
import { hash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createLeases, openAnalytics } from '../../packages/server/src/analytics/analytics.ts'
import { registerLake } from '../../packages/server/src/lake/lake.ts'
import { type NewGameEvent, RECORD_GAME_EVENTS } from '../../packages/server/src/log/log.ts'
import { BATCH_EVENTS, createConsumers } from '../../packages/server/src/pipeline/consumers.ts'
import { systemClock, systemRandom } from '../../packages/server/src/platform/platform.ts'
import { nextEnriched, parseEnriched } from '../../packages/server/src/quality/quality.ts'
import { createWriter, migrate, openStore } from '../../packages/server/src/store/store.ts'
import { eventOf } from '../windows/made-up-events.ts'
import { BEGIN, DAYS, type FillJob } from './jobs.ts'

const BATCH = 500
const BATCHES_AT_ONCE = 4
const SAY_EVERY = 1_000_000
const say = (text: string) => void process.stderr.write(`  ${text}\n`)

const { folder, events }: FillJob = JSON.parse(readFileSync(0, 'utf8'))
const random = systemRandom()
const books = openStore(
  { random, onIdleError: () => undefined },
  { kind: 'sqlite', file: join(folder, 'app.db'), busyTimeoutMs: 5_000 },
)
await migrate(books, () => 0)
await fill()
await judge()
await books.close()
process.stdout.write('{}')

async function fill(): Promise<void> {
  const onFatal = (error: Error) => {
    throw error
  }
  const { monotonic } = systemClock
  const writer = createWriter({ store: books, monotonic, onFatal }, { commitWritesMax: 1_024 })
  const spacingMs = (DAYS * 86_400_000) / events
  for (let made = 0; made < events; ) {
    const commit = Array.from({ length: BATCHES_AT_ONCE }, () => {
      const delivery = {
        ...{ app: 'game', requestId: null, sdk: 'questline-js/1.0.0', source: 'http' },
        ...{ sentAt: null, receivedAt: BEGIN + DAYS * 86_400_000 },
      }
      const batch = Array.from({ length: Math.min(BATCH, events - made) }, () => {
        const event = newEvent(made, spacingMs)
        made += 1
        return event
      })
      return writer.submit(RECORD_GAME_EVENTS, {
        ...{ delivery, events: batch, refused: [], progress: null },
      })
    })
    await Promise.all(commit)
    if (made % SAY_EVERY === 0) say(`${made.toLocaleString('en-US')} events are logged`)
  }
}

function newEvent(n: number, spacingMs: number): NewGameEvent {
  const eventId = randomUUID()
  // Neighbours in the log are of different players, as on a busy server.
  const { type, player, fields } = eventOf(n, { begin: BEGIN, session: (n * 7_919) % 1_000_003 })
  const at = Math.floor(BEGIN + n * spacingMs)
  const occurred_at = new Date(at).toISOString()
  const body = { event_id: eventId, event_type: type, player_id: player, occurred_at, ...fields }
  return {
    ...{ eventId, eventType: type, playerId: player, occurredAt: at, correctedAt: at },
    fingerprint: hash('sha256', eventId, 'buffer').toString('latin1', 0, 8),
    ...{ flags: [], transaction: null, text: JSON.stringify(body), line: null },
  }
}

async function judge(): Promise<void> {
  const file = join(folder, 'analytics.db')
  const analytics = await openAnalytics(
    { now: () => 0, random },
    { kind: 'sqlite', file, busyTimeoutMs: 5_000 },
  )
  await registerLake(analytics)
  const parts = { readBooks: books.read, analytics, leases: createLeases(file) }
  const { stages } = createConsumers(parts, { rules: [], batchEvents: BATCH_EVENTS })
  const quality = stages.filter(({ name }) => name === 'quality')
  for (const { step } of quality) while ((await step()) > 0);

  const live = new DatabaseSync(join(folder, 'live.db'))
  live.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
    CREATE TABLE events (log_offset BIGINT, app TEXT, event_type TEXT, player_id TEXT,
      corrected_at BIGINT, country_code TEXT, platform TEXT, event TEXT)`)
  const insert = live.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  for (let after = 0; ; ) {
    const batch = await nextEnriched(analytics.read, after)
    if (batch === null) break
    live.exec('BEGIN')
    for (const { players, ...event } of parseEnriched(batch).events) {
      // A match has two, and so two rows; the event itself lies in the first, as in a log of rows.
      players.forEach(({ id, country_code, platform }, index) => {
        const own = [event.offset, event.app, event.event_type, id]
        const text = index === 0 ? JSON.stringify(event.event) : null
        insert.run(...own, event.corrected_at, country_code, platform, text)
      })
    }
    live.exec('COMMIT')
    after = batch.last
  }
  live.close()
  await analytics.close()
}
