import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { freshSqlite } from '../../../../tests/database.ts'
import { openTestStore } from '../../../../tests/open-store.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import type { World } from '../books/books.ts'
import { createLogger, createMetrics, systemClock, systemRandom } from '../platform/platform.ts'
import { migrate, type Store } from '../store/store.ts'
import { watchLedger } from './watch-ledger.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A watch that goes round every few milliseconds, on books whose reading may be made to fail. */
async function watch() {
  const { url, drop } = await freshSqlite()
  closing.push(drop)
  const opened = openTestStore(url)
  closing.push(opened.close)
  await migrate(opened, systemClock.now)
  const broken = { read: false }
  const store: Store = {
    ...opened,
    read: (statement, values) =>
      broken.read ? Promise.reject(new Error('no answer')) : opened.read(statement, values),
  }
  const logger = createLogger('silent')
  const world: World = {
    clock: systemClock,
    random: systemRandom(),
    logger,
    decorateStore: (same) => same,
    onCommit: () => undefined,
    onVerdicts: () => undefined,
    onKafka: () => undefined,
    tracing: null,
    onFatal: () => undefined,
  }
  const metrics = createMetrics()
  const pace = { sliceIntervalMs: 5, sliceAccountsMax: 10, slicePagesMax: 10 }
  const stop = await watchLedger({ store, world }, metrics, pace)
  closing.push(stop)
  const gauge = async (name: string): Promise<number> => {
    const text = await metrics.text()
    return Number(new RegExp(`^questline_${name} (.*)$`, 'm').exec(text)?.[1])
  }
  return { url, logger, gauge, stop, broken }
}

describe('the watch over the ledger', () => {
  it('says when it was round, what it found, and that it is gone', async () => {
    const { url, logger, gauge } = await watch()
    const error = vi.spyOn(logger, 'error')
    expect(await gauge('ledger_audited_timestamp_seconds')).toBe(0)
    expect(await gauge('ledger_discrepancies')).toBe(0)
    await vi.waitFor(async () => {
      const age = systemClock.now() / 1_000 - (await gauge('ledger_audited_timestamp_seconds'))
      expect(age).toBeLessThan(5)
    })

    await plainSql(url, "INSERT INTO balances VALUES ('eve', 'coins', 7, 1, 0, 0)")
    await vi.waitFor(async () => expect(await gauge('ledger_discrepancies')).toBe(1))
    expect(error).toHaveBeenCalledWith(
      expect.objectContaining({ kind: 'entries-missing', playerId: 'eve', currency: 'coins' }),
      expect.any(String),
    )

    await plainSql(url, 'DELETE FROM balances')
    await vi.waitFor(async () => expect(await gauge('ledger_discrepancies')).toBe(0))
  })

  it('survives a database that does not answer', async () => {
    const { gauge, logger, broken } = await watch()
    const warn = vi.spyOn(logger, 'warn')
    broken.read = true
    await vi.waitFor(() => expect(warn).toHaveBeenCalled())
    const before = await gauge('ledger_audited_timestamp_seconds')
    broken.read = false
    await vi.waitFor(async () =>
      expect(await gauge('ledger_audited_timestamp_seconds')).toBeGreaterThan(before),
    )
  })

  it('stops', async () => {
    const { gauge, stop } = await watch()
    await stop()
    const before = await gauge('ledger_audited_timestamp_seconds')
    await sleep(50)
    expect(await gauge('ledger_audited_timestamp_seconds')).toBe(before)
  })
})
