// Node: one small SQLite file per queue, held by an exclusive lock of the operating system, which a
// dead process cannot hold. Needs the built-in node:sqlite (Node 22.13 and later). A purchase is on
// the disk, not only in its cache, when its promise resolves; other events survive kill -9.
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { EventStorage, StoredEvent } from './storage.ts'

/** SQLite's own name for "somebody else holds it". */
const BUSY = 5

/** Keeps events in files of `directory`, which is made if it is missing. */
export function fileStorage(directory: string): EventStorage {
  let folder = ''
  let own: HeldFile | undefined
  let ownName = ''
  /** Files of dead processes, until their last event has its answer. */
  const adopted = new Map<string, HeldFile>()

  return {
    async open(name) {
      folder = join(directory, encodeURIComponent(name))
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      for (let number = 1; !own; number += 1) {
        ownName = `${number}.db`
        own = hold(join(folder, ownName))
      }
      return { state: own.state(), events: own.events() }
    },

    async adopt() {
      const names = readdirSync(folder).filter((name) => /^\d+\.db$/.test(name) && name !== ownName)
      return names.flatMap((name) => {
        const file = adopted.has(name) ? undefined : hold(join(folder, name))
        const events = file?.events() ?? []
        if (file && events.length > 0) adopted.set(name, file)
        else file?.close()
        return events
      })
    },

    async write({ put, remove, state, urgent }) {
      own?.write(put, remove, state, urgent)
      for (const [name, file] of adopted) {
        file.write([], remove, undefined, false)
        if (!file.isEmpty()) continue
        file.close()
        adopted.delete(name)
      }
      return true
    },

    async close() {
      for (const file of [own, ...adopted.values()]) file?.close()
      adopted.clear()
      own = undefined
    },
  }
}

type HeldFile = NonNullable<ReturnType<typeof hold>>

/** The file for this process alone; undefined when another holds it. */
function hold(path: string) {
  const database = new DatabaseSync(path)
  try {
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
      BEGIN IMMEDIATE;
      CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS state (one INTEGER PRIMARY KEY, json TEXT NOT NULL);
      COMMIT`)
  } catch (error) {
    database.close()
    if (Object(error).errcode === BUSY) return undefined
    throw error
  }
  const put = database.prepare('INSERT OR IGNORE INTO events VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM events WHERE id = ?')
  const setState = database.prepare('INSERT OR REPLACE INTO state VALUES (1, ?)')
  const text = (value: unknown): string => String(value ?? '')
  return {
    events: () =>
      database
        .prepare('SELECT id, json FROM events')
        .all()
        .map((row): StoredEvent => [text(row['id']), text(row['json'])]),
    isEmpty: () => database.prepare('SELECT 1 FROM events LIMIT 1').get() === undefined,
    state: () => text(database.prepare('SELECT json FROM state').get()?.['json']) || undefined,
    write(
      events: readonly StoredEvent[],
      gone: readonly string[],
      state: string | undefined,
      urgent: boolean,
    ): void {
      database.exec(`PRAGMA synchronous = ${urgent ? 'FULL' : 'NORMAL'}; BEGIN`)
      try {
        for (const id of gone) remove.run(id)
        for (const [id, json] of events) put.run(id, json)
        if (state !== undefined) setState.run(state)
        database.exec('COMMIT')
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    },
    close: () => database.close(),
  }
}

/** Texts by name in one file of `directory`, shared by processes: for `createPlayers` in Node. */
export function fileItems(directory: string) {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const database = new DatabaseSync(join(directory, 'items.db'), { timeout: 5_000 })
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS items (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID`)
  const get = database.prepare('SELECT text FROM items WHERE name = ?')
  const set = database.prepare('INSERT OR REPLACE INTO items VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM items WHERE name = ?')
  return {
    async getAllKeys(): Promise<readonly string[]> {
      return database
        .prepare('SELECT name FROM items')
        .all()
        .map((row) => String(row['name']))
    },
    async getItem(key: string): Promise<string | null> {
      const text = get.get(key)?.['text']
      return text === undefined ? null : String(text)
    },
    async setItem(key: string, value: string): Promise<void> {
      set.run(key, value)
    },
    async removeItem(key: string): Promise<void> {
      remove.run(key)
    },
    close(): void {
      database.close()
    },
  }
}
