import { readdirSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLeases } from '../../packages/server/src/analytics/analytics.ts'
import { askLake, compact, readManifest } from '../../packages/server/src/lake/lake.ts'
import { ExpiredOffsetsError, newestOffset, readLog } from '../../packages/server/src/log/log.ts'
import { createConsumers } from '../../packages/server/src/pipeline/consumers.ts'
import { createWholeLog } from '../../packages/server/src/pipeline/whole-log.ts'
import { DATABASES } from '../database.ts'
import { fillBusyLog } from '../pipeline/busy-log.ts'
import { openTestAnalytics, rowsOf } from '../pipeline/consumers.ts'
import { plainSql } from '../plain-sql.ts'
import { openTestLake, type TestLake } from './open-test-lake.ts'

const DAY = 86_400_000

let lake: TestLake
const filesIn = () =>
  readdirSync(lake.folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .sort()
const someEvents = (count: number, receivedAt = lake.time.now) =>
  lake.log.games(
    ...Array.from({ length: count }, () => ({
      type: 'session_start',
      player: 'ana',
      receivedAt,
      at: receivedAt,
    })),
  )

describe('the lake', () => {
  beforeEach(async () => {
    lake = await openTestLake()
  })
  afterEach(() => lake.close())

  it('writes the batch that was planned, whatever has come since', async () => {
    await someEvents(3)
    await lake.judge()
    const dies = lake.stage({}, (step) => {
      if (step.startsWith('written')) throw new Error('the process is gone')
    })
    await expect(dies.step()).rejects.toThrow('gone')
    const begun = filesIn()
    expect(begun).toEqual(['events-raw/date=2026-03-01/1-3.parquet'])
    await someEvents(4)
    await lake.bring()
    expect(filesIn().filter((path) => path.startsWith('events-raw'))).toEqual([
      ...begun,
      'events-raw/date=2026-03-01/4-7.parquet',
    ])
    expect((await lake.verify()).ok).toBe(true)
  })

  it('is written at once when somebody asks for an offset', async () => {
    await someEvents(2)
    await lake.judge()
    const patient = lake.stage({ batchMs: 60_000 })
    expect(await patient.step()).toBe(0)
    await askLake(lake.analytics, await newestOffset(lake.log.store.read))
    expect(await patient.step()).toBe(2)
  })

  it('goes on after the analytics file was removed, and writes nothing twice', async () => {
    await fillBusyLog(lake.log, 5)
    await lake.bring()
    const before = { files: filesIn(), manifest: readManifest(lake.folder) }
    const again = await lake.withNewAnalytics()
    expect(readManifest(again.folder)).toEqual(before.manifest)
    await someEvents(5)
    await again.bring()
    expect(filesIn()).toEqual(expect.arrayContaining(before.files))
    expect((await again.verify()).faults).toEqual([])
    await again.close()
  })

  it('refuses to go on in a folder that does not hold what it has written', async () => {
    await someEvents(2)
    await lake.bring()
    await rm(lake.folder, { recursive: true })
    await someEvents(1)
    await lake.judge()
    await expect(lake.stage().step()).rejects.toThrow(/put its files back/)
  })

  it('refuses to go on with books that are older than it', async () => {
    await someEvents(3)
    await lake.bring()
    // As a restore leaves them.
    await plainSql(lake.log.url, 'DELETE FROM event_batches', 'UPDATE log_head SET log_offset = 2')
    await expect(lake.stage().step()).rejects.toThrow(/goes to 3 and the log only to 2/)
  })

  it('reads nothing of another version and says what to do', async () => {
    await someEvents(3)
    await lake.bring()
    const manifest = join(lake.folder, 'manifest.json')
    const text = await readFile(manifest, 'utf8')
    await writeFile(manifest, text.replace('"version": 2', '"version": 1'))
    await expect(lake.stage().step()).rejects.toThrow(/of version 1.*made again from the log/)
    // What has left the log is in these files only.
    const expired = text.replace('"version": 2', '"version": 1')
    await writeFile(manifest, expired.replace('"log_expired": 0', '"log_expired": 2'))
    await expect(lake.stage().step()).rejects.toThrow(/cannot read$/)
  })

  it('removes no file when its manifest is gone, with the analytics file too', async () => {
    await someEvents(3)
    await lake.bring()
    const before = filesIn()
    await rm(join(lake.folder, 'manifest.json'))
    const again = await lake.withNewAnalytics()
    await again.judge()
    await expect(again.stage().step()).rejects.toThrow('has files and no manifest.json')
    expect(filesIn()).toEqual(before)
    await again.close()
  })

  it('merges neighbours when there are many, and all of a day when told to', async () => {
    for (let i = 0; i < 25; i += 1) {
      await someEvents(1)
      await lake.bring()
    }
    const raw = () => filesIn().filter((path) => path.startsWith('events-raw'))
    expect(raw()).toEqual(
      ['1-24', '25-25'].map((name) => `events-raw/date=2026-03-01/${name}.parquet`),
    )
    await compact({ folder: lake.folder, memoryLimitMb: 256, all: true })
    expect(raw()).toEqual(['events-raw/date=2026-03-01/1-25.parquet'])
    expect(await lake.verify()).toMatchObject({ ok: true, strays: 0 })
  })

  it('is read again when files were merged under a reader', async () => {
    for (let i = 0; i < 3; i += 1) {
      await someEvents(1)
      await lake.bring()
    }
    let attempts = 0
    const count = await lake.read(async ({ engine }) => {
      attempts += 1
      if (attempts === 1) await compact({ folder: lake.folder, memoryLimitMb: 256, all: true })
      return engine.rows('SELECT count(*) AS n FROM events_raw')
    })
    expect({ attempts, count }).toEqual({ attempts: 2, count: [{ n: 3n }] })
  })

  it('drops files whose newest event is older than is kept, from its beginning on', async () => {
    await someEvents(2, lake.time.now - 400 * DAY)
    await lake.bring()
    // Old by its own time and not by its receipt, as an import is.
    await lake.log.games({
      type: 'session_start',
      at: lake.time.now - 900 * DAY,
      receivedAt: lake.time.now,
    })
    await lake.bring({ keptMs: 100 * DAY })
    expect(readManifest(lake.folder)).toMatchObject({ from: 3, upto: 3 })
    expect(filesIn().every((path) => path.endsWith('/3-3.parquet'))).toBe(true)
    expect(await lake.verify()).toMatchObject({ ok: true, strays: 0 })
  })
})

describe.each(DATABASES)('events that are old enough on $name', (database) => {
  beforeEach(async () => {
    lake = await openTestLake(database)
    await fillBusyLog(lake.log, 12)
  })
  afterEach(() => lake.close())
  const ids = () => plainSql(lake.log.url, 'SELECT count(*) AS n FROM event_ids')
  const payloads = () =>
    plainSql(lake.log.url, 'SELECT count(*) AS n FROM event_batches WHERE length(payload) > 0')
  const none = [{ n: 0n }]

  it('leave the table with their ids once the lake holds them, and not before', async () => {
    await lake.bring()
    expect(await payloads()).not.toEqual(none)
    lake.time.now += 34 * DAY
    await lake.bring()
    expect(await payloads()).not.toEqual(none)
    lake.time.now += 3 * DAY
    await lake.bring()
    expect(await payloads()).toEqual(none)
    expect(await ids()).toEqual(none)
    expect(await lake.verify()).toMatchObject({ ok: true })
  })

  it('stay in the table when the lake does not hold them as they are', async () => {
    await lake.bring()
    await plainSql(
      lake.log.url,
      "UPDATE event_log SET payload = '{}' WHERE log_offset = (SELECT min(log_offset) FROM event_log)",
    )
    lake.time.now += 40 * DAY
    await expect(lake.bring()).rejects.toThrow(/so they stay in the log/)
    expect(await payloads()).not.toEqual(none)
    expect(await ids()).not.toEqual(none)
  })

  it('are read from the lake as the log said them, and a rebuild gives the same rows', async () => {
    const pages = async (
      next: (after: number) => Promise<{ last: number; records: readonly unknown[] } | null>,
    ) => {
      const found: unknown[] = []
      for (let page = await next(0); page; page = await next(page.last)) found.push(...page.records)
      return found
    }
    const before: unknown[] = []
    for await (const page of readLog(lake.log.store.read, 0, { events: 50 }))
      before.push(...page.records)
    await lake.bring()
    const rows = await rowsOf(lake.analyticsFile)
    lake.time.now += 40 * DAY
    await lake.bring()
    await lake.log.games({ type: 'session_start', player: 'ana' })

    const settings = {
      folder: lake.folder,
      memoryLimitMb: 256,
      scratch: join(lake.folder, '../aside'),
    }
    const whole = createWholeLog(lake.log.store.read, settings)
    const after = await pages((from) => whole.nextPage(from, 30))
    expect(after.slice(0, -1)).toEqual(before)

    const file = join(lake.folder, '../rebuilt.db')
    const rebuilt = await openTestAnalytics(file)
    const until = before.length
    const parts = { readBooks: lake.log.store.read, analytics: rebuilt, leases: createLeases(file) }
    const run = async (lakeSettings?: typeof settings) => {
      const { stages } = createConsumers(parts, {
        ...{ rules: [], batchEvents: 70, until },
        ...(lakeSettings ? { lake: lakeSettings } : {}),
      })
      for (let taken = 1; taken > 0; ) {
        taken = 0
        for (const stage of stages) taken += await stage.step()
      }
    }
    await expect(run()).rejects.toThrow(ExpiredOffsetsError)
    await run(settings)
    const same = await rowsOf(file)
    await rebuilt.close()
    expect({ ...same, checkpoints: [] }).toEqual({ ...rows, checkpoints: [] })
  })
})
