import { fork } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestStore } from '../../../../../tests/open-store.ts'
import { appendOne, inOtherProcess } from '../../../../../tests/other-process.ts'
import { plainSql } from '../../../../../tests/plain-sql.ts'
import { claimServer, migrate, type Store, StoreFailure, shared } from '../store.ts'
import { openSqlite } from './sqlite.ts'

const FILL = shared(
  'full.fill',
  'UPDATE event_log SET payload = CAST(zeroblob($1) AS TEXT) WHERE log_offset = $2',
)
const EVENTS = shared('full.events', 'SELECT count(*) AS events FROM event_log')

let folder: string
let url: string
const stores: Store[] = []
const open = (waitMs?: number): Store => {
  const store = openTestStore(url, waitMs === undefined ? {} : { waitMs })
  stores.push(store)
  return store
}
const migrated = async (waitMs?: number): Promise<Store> => {
  const store = open(waitMs)
  await migrate(store, () => 0)
  return store
}
const append = (store: Store) => store.transaction((tx) => appendOne(tx, 'event', 0))
const events = async () =>
  Number((await plainSql(url, 'SELECT count(*) AS n FROM event_log'))[0]?.['n'])

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'questline-sqlite-store-'))
  url = `sqlite:///${join(folder, 'app.db')}`
})
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
  rmSync(folder, { recursive: true, force: true })
})

describe('durability', () => {
  it('is asserted: a database that cannot have a write-ahead log is refused', () => {
    const settings = { file: ':memory:', busyTimeoutMs: 0 }
    expect(() => openSqlite(settings)).toThrow(/not durable here: journal_mode=memory/)
  })

  it('is the full one on the connection that writes', async () => {
    const store = await migrated()
    const pragma = (name: string) => shared(`pragma.${name}`, `SELECT * FROM pragma_${name}`)
    const settings = await store.transaction(async (tx) => [
      ...(await tx.run<object>(pragma('synchronous'), [[]])),
      ...(await tx.run<object>(pragma('journal_mode'), [[]])),
    ])
    expect(settings).toEqual([{ synchronous: 2 }, { journal_mode: 'wal' }])
  })
})

describe('what is read at once', () => {
  const reads = async () => {
    const store = await migrated()
    const { readNow } = store
    if (readNow === null) throw new Error('SQLite reads at once')
    return { store, count: () => readNow<{ events: number }>(EVENTS, [])[0]?.events }
  }

  it('is what was committed, also in the turn in which something else was read', async () => {
    const { store, count } = await reads()
    const counts = [count()]
    await append(store)
    counts.push(count())
    expect(counts).toEqual([0, 1])
  })

  it('holds no checkpoint back, neither of its own process nor after its turn', async () => {
    const { store, count } = await reads()
    count()
    await append(store)
    const db = new DatabaseSync(join(folder, 'app.db'))
    const checkpoint = () => db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
    expect(checkpoint()).toEqual({ busy: 0, log: 0, checkpointed: 0 })
    await append(store)
    count()
    await new Promise(setImmediate)
    expect(checkpoint()).toEqual({ busy: 0, log: 0, checkpointed: 0 })
    db.close()
  })

  it('may be open when the store is closed', async () => {
    const { store, count } = await reads()
    count()
    await store.close()
    stores.length = 0
    await new Promise(setImmediate)
  })
})

describe('the permissions of the files', () => {
  const modes = () =>
    ['app.db', 'app.db-wal', 'app.db-shm'].map((name) => statSync(join(folder, name)).mode & 0o777)

  it('are for the owner alone when they are new, whatever the process grants', async () => {
    const before = process.umask(0)
    try {
      await append(await migrated())
      expect(modes()).toEqual([0o600, 0o600, 0o600])
    } finally {
      process.umask(before)
    }
  })

  it('stay as the operator has set them', async () => {
    await migrated()
    await Promise.all(stores.splice(0).map((store) => store.close()))
    chmodSync(join(folder, 'app.db'), 0o640)
    await append(open())
    expect(modes()).toEqual([0o640, 0o640, 0o640])
  })
})

describe('beside another process', () => {
  it('a write that waits longer than it may is unavailable, and the next one works', async () => {
    const store = await migrated(100)
    const other = await inOtherProcess(url, { kind: 'hold', ms: 500 })
    expect(await other.message()).toBe('holding')
    await expect(append(store)).rejects.toMatchObject({ kind: 'unavailable' })
    await other.done()
    await append(store)
    expect(await events()).toBe(1)
  })

  it('a new database may be opened by several at once', async () => {
    const others = await Promise.all([1, 2, 3].map(() => inOtherProcess(url, { kind: 'migrate' })))
    await Promise.all(others.map((other) => other.done()))
    await append(await migrated())
  })
})

describe('when the disk is full', () => {
  it('writes are unavailable, reads go on, nothing is half done, and space makes it work again', async () => {
    const store = await migrated()
    await append(store)
    const pages = Number((await plainSql(url, 'PRAGMA page_count'))[0]?.['page_count'])
    const allow = (count: number) => store.script([`PRAGMA max_page_count = ${count}`])
    await allow(pages + 1)
    const tooMuch = store.transaction(async (tx) => {
      await appendOne(tx, 'never', 0)
      await tx.run(FILL, [[100_000, 1]])
    })
    await expect(tooMuch).rejects.toMatchObject({ name: 'StoreFailure', kind: 'unavailable' })
    expect(await store.read(EVENTS, [])).toEqual([{ events: 1 }])
    await allow(1_000_000)
    await append(store)
    expect(await plainSql(url, 'SELECT log_offset FROM event_log ORDER BY 1')).toEqual([
      { log_offset: 1n },
      { log_offset: 2n },
    ])
  })
})

describe('a file that is damaged', () => {
  it('is fatal when it is no database', () => {
    writeFileSync(join(folder, 'app.db'), 'this is no database, '.repeat(1_000))
    expect(() => open()).toThrow(expect.objectContaining({ name: 'StoreFailure', kind: 'fatal' }))
  })

  it('is fatal when a page is overwritten', async () => {
    const store = await migrated()
    for (let i = 0; i < 50; i += 1) await append(store)
    await Promise.all(stores.splice(0).map((each) => each.close()))
    const file = join(folder, 'app.db')
    const bytes = readFileSync(file)
    bytes.fill(0xa5, 4_096)
    writeFileSync(file, bytes)
    const failure = await Promise.try(() => append(open())).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(StoreFailure)
    expect(failure).toMatchObject({ kind: 'fatal' })
  })
})

describe('the claim of a server on its file', () => {
  const file = () => join(folder, 'app.db')

  it('is refused while another holds it, and free after its release', () => {
    const release = claimServer(file())
    expect(() => claimServer(file())).toThrow(/another Questline server runs on/)
    release()
    claimServer(file())()
  })

  it('ends with the process that holds it, however that ends', async () => {
    const program = join(import.meta.dirname, 'server-lock.child.ts')
    const child = fork(program, [file()], { execArgv: [] })
    const exit = once(child, 'exit')
    try {
      await once(child, 'message')
      expect(() => claimServer(file())).toThrow(/another Questline server runs on/)
    } finally {
      child.kill('SIGKILL')
      await exit
    }
    claimServer(file())()
  })

  it('does not keep commands from the database', async () => {
    const release = claimServer(file())
    await append(await migrated())
    expect(await events()).toBe(1)
    release()
  })

  it('says what is wrong when the folder is missing', () => {
    expect(() => claimServer(join(folder, 'missing', 'app.db'))).toThrow(/unable to open/)
  })
})

it('integers beyond 2^53 − 1 are an error, never a rounded number', async () => {
  const store = await migrated()
  const db = new DatabaseSync(join(folder, 'app.db'))
  db.exec("INSERT INTO event_counts VALUES ('a', 9007199254740993, 'x', 1)")
  db.close()
  const hours = shared('beyond.hours', 'SELECT hour FROM event_counts')
  await expect(store.read(hours, [])).rejects.toThrow(/too large/)
})
