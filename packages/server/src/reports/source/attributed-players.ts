import { rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'

/** Which AppsFlyer id the newest postback of a player names, for any number of players. */
export type AttributedPlayers = {
  /** A later call for the same player wins. */
  learn(customerUserId: string, appsflyerId: string): void
  /** Undefined for a player without a postback. */
  find(customerUserId: string): string | undefined
  close(): Promise<void>
}

const CACHE_KB = 16_384

/** Keeps them in a file that is forgotten with the run, so that memory does not grow with players. */
export function createAttributedPlayers(path: string): AttributedPlayers {
  const db = new DatabaseSync(path)
  db.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -${CACHE_KB}`)
  db.exec('CREATE TABLE players (customer TEXT PRIMARY KEY, appsflyer TEXT) WITHOUT ROWID; BEGIN')
  const insert = db.prepare('INSERT OR REPLACE INTO players VALUES (?, ?)')
  const select = db.prepare('SELECT appsflyer FROM players WHERE customer = ?')
  return {
    learn(customerUserId, appsflyerId) {
      insert.run(customerUserId, appsflyerId)
    },
    find(customerUserId) {
      const found = select.get(customerUserId)?.['appsflyer']
      return typeof found === 'string' ? found : undefined
    },
    async close() {
      db.close()
      await rm(path)
    },
  }
}
