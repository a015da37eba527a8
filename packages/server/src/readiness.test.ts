import { afterEach, describe, expect, it } from 'vitest'
import { freshSqlite } from '../../../tests/database.ts'
import { aClock } from '../../../tests/fresh-accounts.ts'
import { fileOf, openTestStore } from '../../../tests/open-store.ts'
import { theWorld } from './books/books.ts'
import { loadConfig } from './config/config.ts'
import { createReadiness } from './readiness.ts'
import { migrate } from './store/store.ts'

const MIB = 1_024 * 1_024
const DATA_DIR = '/disk-of-data/questline'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Readiness over an SQLite file that lies elsewhere than DATA_DIR; `freeBytes` by path. */
async function aServer() {
  const { url, drop } = await freshSqlite()
  closing.push(drop)
  const store = openTestStore(url)
  closing.push(store.close)
  const clock = aClock()
  await migrate(store, clock.now)
  const file = fileOf(url)
  const config = loadConfig({ DATABASE_URL: url, DATA_DIR, LOG_LEVEL: 'silent' })
  const free: Record<string, number> = { [file]: 64 * MIB, [DATA_DIR]: 64 * MIB }
  const readiness = createReadiness(
    { store, config, world: { ...theWorld(config), clock } },
    async (path) => free[path] ?? expect.fail(`${path} is no disk of this server`),
  )
  return { readiness, clock, free, file, store, config }
}

describe('readiness', () => {
  it('goes down when the disk of the SQLite file is almost full', async () => {
    const { readiness, free, file } = await aServer()
    free[file] = 64 * MIB - 1
    expect(await readiness()).toBe('the disk is almost full')
  })

  it('stays when another disk is full, since writes can be taken', async () => {
    const { readiness, free } = await aServer()
    free[DATA_DIR] = 0
    expect(await readiness()).toBeNull()
  })

  it('asks again after five seconds', async () => {
    const { readiness, free, file, clock } = await aServer()
    expect(await readiness()).toBeNull()
    free[file] = 0
    clock.advance(4_999)
    expect(await readiness()).toBeNull()
    clock.advance(1)
    expect(await readiness()).not.toBeNull()
  })

  it('leaves it to the commit where nobody knows how full a disk is', async () => {
    const { store, config } = await aServer()
    const unknown = () => Promise.reject(new Error('no such call here'))
    const readiness = createReadiness({ store, config, world: theWorld(config) }, unknown)
    expect(await readiness()).toBeNull()
    const broken = { ...store, transaction: unknown }
    const failing = createReadiness({ store: broken, config, world: theWorld(config) }, unknown)
    expect(await failing()).toBe('the database takes no writes')
  })
})
