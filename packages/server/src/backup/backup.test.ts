import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestStore } from '../../../../tests/open-store.ts'
import { systemRandom } from '../platform/platform.ts'
import { claimServer, migrate, SchemaError, ServerLockError, type Store } from '../store/store.ts'
import { BackupError, backup, POSTGRES_COMMANDS, restore } from './backup.ts'

const random = systemRandom()
const clock = { now: () => Date.UTC(2026, 2, 1, 12, 30), monotonic: () => 0 }
const BEFORE = 'app.db.before-restore-2026-03-01T12-30-00-000Z'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'questline-backup-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const path = (name: string): string => join(folder, name)
const open = (name: string): Store => openTestStore(`sqlite:///${path(name)}`)
const listing = async (): Promise<string[]> => (await readdir(folder)).toSorted()

/** Books that hold nothing but a number of players. */
async function books(name: string, players: number): Promise<Store> {
  const store = open(name)
  await migrate(store, clock.now)
  await store.script([`UPDATE player_count SET players = ${players}`])
  return store
}

function playersIn(name: string): unknown {
  const db = new DatabaseSync(path(name))
  try {
    return db.prepare('SELECT players FROM player_count').get()?.['players']
  } finally {
    db.close()
  }
}

/** What the copy says to whoever verifies it. */
const verify = async (copy: Store): Promise<string> => copy.dialect

const backUp = (store: Store, file: string, overwrite = false) =>
  backup({ store, random, verify }, { file: path(file), overwrite })
const putBack = (from: string, to = 'app.db') =>
  restore(
    { random, clock, verify },
    { from: path(from), to: path(to), derived: [path('analytics.db')] },
  )

describe('a backup', () => {
  it('holds all that was committed, in one file that only its owner reads', async () => {
    const store = await books('app.db', 7)
    const made = await backUp(store, 'copy.db')
    const { mode, size } = await stat(path('copy.db'))
    await store.close()

    expect(made).toEqual({ file: path('copy.db'), bytes: size, verified: 'sqlite' })
    expect(mode & 0o777).toBe(0o600)
    expect(playersIn('copy.db')).toBe(7)
    expect(await listing()).toEqual(['app.db', 'copy.db'])
  })

  it('replaces no file unless told to', async () => {
    const store = await books('app.db', 7)
    await writeFile(path('copy.db'), 'precious')
    await expect(backUp(store, 'copy.db')).rejects.toMatchObject({ kind: 'usage' })
    expect(await readFile(path('copy.db'), 'utf8')).toBe('precious')
    await backUp(store, 'copy.db', true)
    await store.close()
    expect(playersIn('copy.db')).toBe(7)
  })

  it('leaves nothing behind when it fails', async () => {
    const store = await books('app.db', 7)
    const failing = backup(
      {
        store,
        random,
        verify: async () => {
          throw new Error('not this one')
        },
      },
      { file: path('copy.db'), overwrite: false },
    )
    await expect(failing).rejects.toThrow('not this one')
    await expect(backUp(store, 'no-such-folder/copy.db')).rejects.toBeInstanceOf(BackupError)
    await store.close()
    expect(await listing()).toEqual(['app.db'])
  })
})

describe('a restore', () => {
  /** `copy.db` with 7 players; `app.db` has 9 by now. */
  async function copyAndBooks(): Promise<void> {
    const store = await books('app.db', 7)
    await backUp(store, 'copy.db')
    await store.script(['UPDATE player_count SET players = 9'])
    await store.close()
  }

  it('takes the place of the books and keeps them beside', async () => {
    await copyAndBooks()
    const restored = await putBack('copy.db')

    expect(restored).toEqual({ file: path('app.db'), before: path(BEFORE), verified: 'sqlite' })
    expect(playersIn('app.db')).toBe(7)
    expect(playersIn(BEFORE)).toBe(9)
    expect(await listing()).toEqual(['app.db', BEFORE, 'app.db.server-lock', 'copy.db'])
  })

  it('makes new books where there are none', async () => {
    await copyAndBooks()
    const { before } = await putBack('copy.db', 'elsewhere/app.db')
    expect(before).toBeNull()
    expect(playersIn('elsewhere/app.db')).toBe(7)
  })

  it('only reads the copy, which may lie where nobody may write', async () => {
    await copyAndBooks()
    await chmod(path('copy.db'), 0o400)
    const bytes = await readFile(path('copy.db'))
    await putBack('copy.db')
    expect((await readFile(path('copy.db'))).equals(bytes)).toBe(true)
  })

  it('keeps commits that only the write-ahead log held', async () => {
    await copyAndBooks()
    const killed = open('app.db')
    await killed.script(['UPDATE player_count SET players = 11'])
    // As a kill leaves them: the file and a log that nobody has folded into it.
    for (const name of ['app.db', 'app.db-wal']) await copyFile(path(name), path(`killed-${name}`))
    await killed.close()
    for (const name of ['app.db', 'app.db-wal']) await copyFile(path(`killed-${name}`), path(name))

    await putBack('copy.db')
    expect(playersIn(BEFORE)).toBe(11)
    expect(playersIn('app.db')).toBe(7)
    expect(await listing()).not.toContain('app.db-wal')
  })

  it('replaces damaged books, and keeps them with their log as they were', async () => {
    await copyAndBooks()
    const damaged = 'not a database '.repeat(2_000)
    await writeFile(path('app.db'), damaged)
    await writeFile(path('app.db-wal'), 'not a log')
    await putBack('copy.db')
    expect(playersIn('app.db')).toBe(7)
    expect(await readFile(path(BEFORE), 'utf8')).toBe(damaged)
    expect(await readFile(path(`${BEFORE}-wal`), 'utf8')).toBe('not a log')
    expect(await listing()).not.toContain('app.db-wal')
  })

  describe('leaves the books alone and nothing behind', () => {
    const unchanged = async (attempt: () => Promise<unknown>): Promise<unknown> => {
      const before = await listing()
      const error = await attempt().catch((reason: unknown) => reason)
      expect(playersIn('app.db')).toBe(9)
      expect((await listing()).filter((name) => name !== 'app.db.server-lock')).toEqual(
        before.filter((name) => name !== 'app.db.server-lock'),
      )
      return error
    }

    it('while a server runs on them', async () => {
      await copyAndBooks()
      const release = claimServer(path('app.db'))
      expect(await unchanged(() => putBack('copy.db'))).toBeInstanceOf(ServerLockError)
      release()
    })

    it('while another process has them open', async () => {
      await copyAndBooks()
      const other = open('app.db')
      expect(await unchanged(() => putBack('copy.db'))).toMatchObject({ kind: 'refused' })
      await other.close()
    })

    it('when the copy does not pass its verification', async () => {
      await copyAndBooks()
      const refusing = () =>
        restore(
          {
            random,
            clock,
            verify: async () => {
              throw new Error('the audit says no')
            },
          },
          { from: path('copy.db'), to: path('app.db'), derived: [] },
        )
      expect(await unchanged(refusing)).toMatchObject({ message: 'the audit says no' })
    })

    it('when the copy is damaged', async () => {
      await copyAndBooks()
      const bytes = await readFile(path('copy.db'))
      await writeFile(path('copy.db'), bytes.fill(0xff, 4_096, 12_288))
      expect(await unchanged(() => putBack('copy.db'))).toBeInstanceOf(BackupError)
    })

    it('when the copy is cut off', async () => {
      await copyAndBooks()
      const bytes = await readFile(path('copy.db'))
      await writeFile(path('copy.db'), bytes.subarray(0, bytes.length / 2))
      expect(await unchanged(() => putBack('copy.db'))).toBeInstanceOf(BackupError)
    })

    it('when it is some other file, database or folder, or none', async () => {
      await copyAndBooks()
      await writeFile(path('text.db'), 'hello')
      const other = new DatabaseSync(path('other.db'))
      other.exec('CREATE TABLE things (id INTEGER)')
      other.close()
      await mkdir(path('folder'))
      for (const from of ['text.db', 'other.db', 'folder', 'missing.db', 'app.db']) {
        expect(await unchanged(() => putBack(from)), from).toMatchObject({ kind: 'usage' })
      }
    })

    it('when it is a database in use, of which a part lies beside it', async () => {
      await copyAndBooks()
      const live = await books('live.db', 5)
      expect(await unchanged(() => putBack('live.db'))).toMatchObject({ kind: 'usage' })
      await live.close()
    })

    it('when a newer version made it', async () => {
      await copyAndBooks()
      const newer = open('copy.db')
      await newer.script(["INSERT INTO migrations VALUES (999, 'later', 0)"])
      await newer.close()
      expect(await unchanged(() => putBack('copy.db'))).toBeInstanceOf(SchemaError)
    })
  })
})

it('quotes the file in the commands for PostgreSQL', () => {
  expect(POSTGRES_COMMANDS.backup("a'b.dump")).toEqual([
    `pg_dump --format=custom --file='a'\\''b.dump' "$DATABASE_URL"`,
  ])
})
