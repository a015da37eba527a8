// The ledger and the log on an empty database, without accounts and without HTTP.
import { createInFlight, type InFlight } from '../packages/server/src/idempotency/idempotency.ts'
import { createLedger, type Ledger } from '../packages/server/src/ledger/ledger.ts'
import { createLog, type Log } from '../packages/server/src/log/log.ts'
import { systemClock } from '../packages/server/src/platform/platform.ts'
import {
  createWriter,
  migrate,
  type Store,
  type Writer,
} from '../packages/server/src/store/store.ts'
import type { FreshDatabase } from './database.ts'
import { openTestStore } from './open-store.ts'
import { plainSql } from './plain-sql.ts'

export type BooksParts = {
  readonly store: Store
  readonly writer: Writer
  readonly log: Log
  readonly ledger: Ledger
  readonly inFlight: InFlight
}

export type BooksFixture = BooksParts & {
  readonly url: string
  /** The same store behind another writer. */
  withCommitsOf(writesMax: number): BooksParts
  addPlayers(...playerIds: readonly string[]): Promise<void>
  close(): Promise<void>
}

export async function freshBooks(database: {
  fresh(): Promise<FreshDatabase>
}): Promise<BooksFixture> {
  const { url, drop } = await database.fresh()
  const store = openTestStore(url)
  await migrate(store, () => 0)
  const withCommitsOf = (writesMax: number) => wire(store, writesMax)
  return {
    ...withCommitsOf(1_024),
    url,
    withCommitsOf,
    async addPlayers(...playerIds) {
      const rows = playerIds.map((id) => `('${id.replaceAll("'", "''")}', 0)`)
      await plainSql(
        url,
        `INSERT INTO players (player_id, created_at) VALUES ${rows.join(', ')}`,
        `UPDATE player_count SET players = players + ${rows.length}`,
      )
    },
    async close() {
      await store.close()
      await drop()
    },
  }
}

function wire(store: Store, commitWritesMax: number): BooksParts {
  const onFatal = (error: Error) => {
    throw error
  }
  const writer = createWriter(
    { store, monotonic: systemClock.monotonic, onFatal },
    { commitWritesMax },
  )
  const log = createLog({ store, writer })
  const ledger = createLedger({ store, writer, append: log.append })
  return { store, writer, log, ledger, inFlight: createInFlight() }
}
