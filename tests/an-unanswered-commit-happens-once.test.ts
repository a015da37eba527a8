import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLedger, type Ledger } from '../packages/server/src/ledger/ledger.ts'
import { createLog } from '../packages/server/src/log/log.ts'
import {
  createWriter,
  migrate,
  type Store,
  StoreFailure,
} from '../packages/server/src/store/store.ts'
import { booksViolations } from './books-invariants.ts'
import { type BreakableLink, openBreakableLink } from './breakable-link.ts'
import { anIntent, aPosting } from './builders.ts'
import { type FreshDatabase, freshPostgres } from './database.ts'
import { openTestStore } from './open-store.ts'
import { plainSql } from './plain-sql.ts'

describe('when the connection breaks around a COMMIT', () => {
  let fresh: FreshDatabase
  let link: BreakableLink
  let store: Store
  let ledger: Ledger

  beforeEach(async () => {
    fresh = await freshPostgres()
    link = await openBreakableLink(fresh.url)
    store = openTestStore(link.url)
    await migrate(store, () => 0)
    await plainSql(
      fresh.url,
      "INSERT INTO players (player_id, created_at) VALUES ('alice', 0)",
      'UPDATE player_count SET players = 1',
    )
    const parts = { store, monotonic: () => 0, onFatal: () => undefined }
    const writer = createWriter(parts, { commitWritesMax: 8 })
    ledger = createLedger({ store, writer, append: createLog({ store, writer }).append })
  })
  afterEach(async () => {
    await store.close()
    await link.close()
    await fresh.drop()
  })

  const earn = (key: string) => ledger.post(aPosting({ amount: 1, intent: anIntent(key) }))
  const kindOf = (error: unknown) => (error instanceof StoreFailure ? error.kind : error)

  it.each([
    ['before it arrives', false],
    ['before its answer does', true],
  ])('%s, the retry with the same key makes it happen once', async (when, arrives) => {
    await earn('first')
    if (arrives) link.cutAfter('COMMIT\0')
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
    const answers = keys.map((key) => earn(key).catch(kindOf))
    if (!arrives) link.cut()
    const outcomes = await Promise.all(answers)
    expect(outcomes, when).toContain('unavailable')
    for (let round = 0; round < 2; round += 1) {
      for (const key of keys) expect(await earn(key)).toMatchObject({ kind: 'posted' })
    }
    expect(await ledger.balance('alice', 'coins')).toBe(21)
    expect(await booksViolations(fresh.url)).toEqual([])
  })
})
