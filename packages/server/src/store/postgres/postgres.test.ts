import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BreakableLink, openBreakableLink } from '../../../../../tests/breakable-link.ts'
import { type FreshDatabase, freshPostgres } from '../../../../../tests/database.ts'
import { openTestStore } from '../../../../../tests/open-store.ts'
import { appendOne } from '../../../../../tests/other-process.ts'
import { openPlainSql, type PlainSql, plainSql } from '../../../../../tests/plain-sql.ts'
import { systemClock } from '../../platform/platform.ts'
import { batched, migrate, type Store, shared, type Tx } from '../store.ts'

const UNAVAILABLE = { name: 'StoreFailure', kind: 'unavailable' }
const OWN_BACKEND = shared('faults.own-backend', 'SELECT pg_backend_pid() AS pid')
const SLEEP = shared('faults.sleep', 'SELECT pg_sleep($1)')
const FLAKY = shared('faults.flaky', 'SELECT flaky($1, $2)')
const ADD = shared('faults.add', 'UPDATE hits SET hits = hits + 1')
const LOCK = shared('faults.lock', 'SELECT hits FROM hits FOR UPDATE')
const COUNT = shared('faults.count', 'SELECT count(*) AS events FROM event_log')
const FIND_KEYS = batched('faults.find-keys', {
  sqlite: 'SELECT entry_id FROM ledger_entries WHERE key_scope = $1',
  postgres: 'SELECT entry_id FROM ledger_entries WHERE key_scope = ANY($1::text[])',
})
const SCANS = shared(
  'faults.scans',
  "SELECT seq_scan AS scans FROM pg_stat_user_tables WHERE relname = 'ledger_entries'",
)
const SETTINGS = shared(
  'faults.settings',
  "SELECT current_setting('transaction_isolation') AS isolation",
)

let fresh: FreshDatabase
let direct: PlainSql
const stores: Store[] = []
const links: BreakableLink[] = []

const open = (settings: Parameters<typeof openTestStore>[1] = {}, url = fresh.url): Store => {
  const store = openTestStore(url, settings)
  stores.push(store)
  return store
}
const openLink = async (): Promise<BreakableLink> => {
  const link = await openBreakableLink(fresh.url)
  links.push(link)
  return link
}
const append = (store: Store, name = 'event') => store.transaction((tx) => appendOne(tx, name, 0))
const events = async () =>
  Number((await direct.rows('SELECT count(*) AS n FROM event_log'))[0]?.['n'])
const backendOf = async (tx: Tx): Promise<number> => {
  const [row] = await tx.run<{ pid: number }>(OWN_BACKEND, [[]])
  return row?.pid ?? 0
}
const terminate = (pid: number) => direct.rows(`SELECT pg_terminate_backend(${pid})`)

beforeAll(async () => {
  fresh = await freshPostgres()
  direct = await openPlainSql(fresh.url)
  await migrate(open(), () => 0)
  // Sequences are outside of transactions, so this counts through rollbacks.
  for (const sql of [
    'CREATE SEQUENCE flakes',
    `CREATE FUNCTION flaky(failures BIGINT, state TEXT) RETURNS BIGINT LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('flakes') <= failures THEN RAISE EXCEPTION 'try again' USING ERRCODE = state; END IF;
      RETURN 1; END $$`,
    'CREATE TABLE hits (hits BIGINT NOT NULL)',
    'INSERT INTO hits VALUES (0)',
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 100', current_database()); END $$",
  ]) {
    await direct.rows(sql)
  }
})
beforeEach(async () => {
  await direct.rows('DELETE FROM event_log')
  await direct.rows('UPDATE log_head SET log_offset = 0')
  await direct.rows('ALTER SEQUENCE flakes RESTART')
})
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
  await Promise.all(links.splice(0).map((link) => link.close()))
})
afterAll(async () => {
  await direct.close()
  await fresh.drop()
})

describe('when PostgreSQL ends the connection', () => {
  it('during a statement, the transaction is unavailable and the next one works', async () => {
    const store = open()
    const failing = store.transaction(async (tx) => {
      await appendOne(tx, 'never', 0)
      const pid = await backendOf(tx)
      setTimeout(() => void terminate(pid), 50)
      await tx.run(SLEEP, [[30]])
    })
    await expect(failing).rejects.toMatchObject(UNAVAILABLE)
    await append(store)
    expect(await events()).toBe(1)
    expect(store.pool().inUse).toBe(0)
  })

  it('between two statements, the process lives on', async () => {
    const store = open()
    const failing = store.transaction(async (tx) => {
      await terminate(await backendOf(tx))
      await sleep(100)
      return 'the work itself saw nothing'
    })
    await expect(failing).rejects.toMatchObject(UNAVAILABLE)
    await append(store)
    expect(await events()).toBe(1)
    expect(store.pool().inUse).toBe(0)
  })

  it('while it is idle, the owner hears of it and nothing else happens', async () => {
    const heard: string[] = []
    const store = open({ onIdleError: (error) => heard.push(error.message) })
    const pid = await store.transaction(backendOf)
    await terminate(pid)
    await sleep(100)
    expect(heard).toEqual([expect.stringMatching(/terminating connection/)])
    await append(store)
    expect(await events()).toBe(1)
  })

  it('again and again, no connection leaks and no offset is skipped', async () => {
    const store = open({ connectionsMax: 2 })
    for (let i = 0; i < 10; i += 1) {
      const failing = store.transaction(async (tx) => {
        await appendOne(tx, 'never', 0)
        await terminate(await backendOf(tx))
        await tx.run(SLEEP, [[1]])
      })
      await expect(failing).rejects.toMatchObject(UNAVAILABLE)
      await append(store)
    }
    expect(await direct.rows('SELECT max(log_offset) AS head FROM event_log')).toEqual([
      { head: 10n },
    ])
    expect(store.pool()).toMatchObject({ inUse: 0 })
  })
})

describe('when the network breaks', () => {
  it('in a transaction, nothing is left of it and the pool recovers', async () => {
    const link = await openLink()
    const store = open({}, link.url)
    const failing = store.transaction(async (tx) => {
      await appendOne(tx, 'never', 0)
      link.cut()
      await tx.run(COUNT, [[]])
    })
    await expect(failing).rejects.toMatchObject(UNAVAILABLE)
    await append(store)
    expect(await events()).toBe(1)
    expect(store.pool().inUse).toBe(0)
  })

  it('between a COMMIT and its answer, the write is there and the failure does not repeat it', async () => {
    const link = await openLink()
    const store = open({}, link.url)
    await append(store, 'first')
    let runs = 0
    link.cutAfter('COMMIT\0')
    const failing = store.transaction((tx) => {
      runs += 1
      return appendOne(tx, 'second', 0)
    })
    await expect(failing).rejects.toMatchObject(UNAVAILABLE)
    expect({ cuts: link.cuts(), runs }).toEqual({ cuts: 1, runs: 1 })
    expect(await events()).toBe(2)
    await append(store, 'third')
    expect(await events()).toBe(3)
  })

  it('silently, a write and a read give up within their time and the pool recovers', async () => {
    const link = await openLink()
    const store = open({ waitMs: 300 }, link.url)
    const started = systemClock.monotonic()
    const failing = store.transaction(async (tx) => {
      await appendOne(tx, 'never', 0)
      link.freeze()
      await tx.run(COUNT, [[]])
    })
    await expect(failing).rejects.toMatchObject(UNAVAILABLE)
    link.mend()
    // The server notices by itself when the idle transaction has lasted too long.
    await sleep(400)
    await append(store)
    link.freeze()
    await expect(store.read(COUNT, [])).rejects.toMatchObject(UNAVAILABLE)
    link.mend()
    expect(await store.read(COUNT, [])).toEqual([{ events: 1 }])
    expect(systemClock.monotonic() - started).toBeLessThan(15_000)
    expect(store.pool().inUse).toBe(0)
  })

  it('for good, everything is unavailable at once', async () => {
    const link = await openLink()
    const store = open({}, link.url)
    await append(store)
    await link.close()
    await expect(append(store)).rejects.toMatchObject(UNAVAILABLE)
    await expect(store.read(COUNT, [])).rejects.toMatchObject(UNAVAILABLE)
    await expect(store.script(['SELECT 1'])).rejects.toMatchObject(UNAVAILABLE)
    await expect(store.snapshot(async () => 1)).rejects.toMatchObject(UNAVAILABLE)
  })

  it('or the server knows neither the user nor the database, that is unavailable too', async () => {
    const nobody = new URL(fresh.url)
    nobody.username = 'nobody'
    await expect(append(open({}, nobody.href))).rejects.toMatchObject(UNAVAILABLE)
    const nowhere = new URL(fresh.url)
    nowhere.pathname = '/nowhere'
    await expect(append(open({}, nowhere.href))).rejects.toMatchObject(UNAVAILABLE)
  })
})

describe('when PostgreSQL asks for a repeat', () => {
  it.each(['40001', '40P01'])(
    'with %s, the whole work runs again, up to six times',
    async (state) => {
      const store = open()
      let runs = 0
      const offset = await store.transaction(async (tx) => {
        runs += 1
        const first = tx.takeOffsets(1)
        await tx.run(ADD, [[]])
        await tx.run(FLAKY, [[5, state]])
        return first
      })
      expect({ runs, offset }).toEqual({ runs: 6, offset: 1 })
    },
  )

  it('more often than that, the write is unavailable and nothing of it is left', async () => {
    const store = open()
    const before = await direct.rows('SELECT hits FROM hits')
    let runs = 0
    const failing = store.transaction(async (tx) => {
      runs += 1
      await tx.run(ADD, [[]])
      await tx.run(FLAKY, [[6, '40001']])
    })
    await expect(failing).rejects.toMatchObject(UNAVAILABLE)
    expect(runs).toBe(6)
    expect(await direct.rows('SELECT hits FROM hits')).toEqual(before)
  })

  it('for another reason, the work does not run again', async () => {
    const store = open()
    let runs = 0
    const failing = (state: string) =>
      store.transaction(async (tx) => {
        runs += 1
        await tx.run(FLAKY, [[99, state]])
      })
    await expect(failing('55P03')).rejects.toMatchObject(UNAVAILABLE)
    await expect(failing('23505')).rejects.toMatchObject({ kind: 'bug' })
    expect(runs).toBe(2)
  })

  it('because of a real deadlock, the write wins in the end', async () => {
    const store = open()
    // The other one detects nothing itself, so that the store is the one that is sent back.
    await direct.rows("SET deadlock_timeout = '10s'")
    await direct.rows('BEGIN')
    await direct.rows('SELECT hits FROM hits FOR UPDATE')
    let runs = 0
    const { promise: otherHasTheLog, resolve } = Promise.withResolvers<unknown>()
    const takeTheLog = () => direct.rows('SELECT * FROM log_head FOR UPDATE').then(resolve)
    const writing = store.transaction(async (tx) => {
      runs += 1
      if (runs === 1) setTimeout(takeTheLog, 20)
      await tx.run(LOCK, [[]])
      await appendOne(tx, 'after the deadlock', 0)
    })
    await otherHasTheLog
    await direct.rows('COMMIT')
    await writing
    expect(runs).toBe(2)
    expect(await events()).toBe(1)
  })
})

describe('limits and defaults of the server', () => {
  it('a writer that waits too long for another is unavailable', async () => {
    const store = open({ waitMs: 200 })
    await direct.rows('BEGIN')
    await direct.rows('SELECT * FROM log_head FOR UPDATE')
    await expect(append(store)).rejects.toMatchObject(UNAVAILABLE)
    await direct.rows('ROLLBACK')
    await append(store)
    expect(await events()).toBe(1)
  })

  it('a transaction that hangs loses its turn', async () => {
    const hanging = open({ waitMs: 200 })
    const failing = hanging.transaction(async (tx) => {
      await appendOne(tx, 'never', 0)
      await sleep(600)
    })
    await append(open())
    await expect(failing).rejects.toMatchObject(UNAVAILABLE)
    expect(await events()).toBe(1)
  })

  it('a pool without a free connection is unavailable in time', async () => {
    const store = open({ connectionsMax: 1, connectMs: 200 })
    await store.snapshot(async () => {
      await expect(append(store)).rejects.toMatchObject(UNAVAILABLE)
    })
    await append(store)
  })

  it('another isolation by default changes nothing', async () => {
    await withDatabaseSetting('default_transaction_isolation', "'serializable'", async () => {
      const store = open()
      const [row] = await store.transaction((tx) => tx.run<{ isolation: string }>(SETTINGS, [[]]))
      expect(row).toEqual({ isolation: 'read committed' })
      const writes = [open(), open()].flatMap((other) =>
        Array.from({ length: 20 }, () => append(other)),
      )
      await Promise.all(writes)
      expect(await events()).toBe(40)
    })
  })

  it('a server that acknowledges before the disk has it is refused', async () => {
    await withDatabaseSetting('synchronous_commit', 'off', async () => {
      const refused = /not durable here: fsync=on, synchronous_commit=off/
      const store = open()
      await expect(append(store)).rejects.toThrow(refused)
      await expect(store.read(COUNT, [])).rejects.toThrow(refused)
    })
    await append(open())
  })

  it('a plan that was made on an empty table does not scan the full one', async () => {
    const store = open({ connectionsMax: 1 })
    const keys = Array.from({ length: 64 }, (_, i) => [`another ${i}`])
    const find = () => store.transaction((tx) => tx.run(FIND_KEYS, keys))
    // The sixth use of a prepared statement may settle on one plan for good.
    for (let i = 0; i < 8; i += 1) await find()
    await direct.rows(
      `INSERT INTO ledger_entries SELECT n, 'p', 'coins', 'earn', 1, n, n, NULL, 'p', 0, 'key ' || n, ''
       FROM generate_series(1, 5000) n`,
    )
    const scans = async () => (await store.read<{ scans: number }>(SCANS, []))[0]?.scans
    const before = await scans()
    for (let i = 0; i < 8; i += 1) await find()
    // A session reports what it did when it is idle, at most once a second.
    await sleep(1_200)
    await find()
    expect(await scans()).toBe(before)
  })

  it('the statements of a script may take longer than others', async () => {
    const store = open({ waitMs: 200 })
    await expect(store.read(SLEEP, [0.4])).rejects.toMatchObject(UNAVAILABLE)
    await store.script(['SELECT pg_sleep(0.4)'])
  })
})

async function withDatabaseSetting(name: string, value: string, work: () => Promise<void>) {
  const set = (action: string) =>
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I ${action.replaceAll("'", "''")}', current_database()); END $$`
  await plainSql(fresh.url, set(`SET ${name} = ${value}`))
  try {
    await work()
  } finally {
    await plainSql(fresh.url, set(`RESET ${name}`))
  }
}
