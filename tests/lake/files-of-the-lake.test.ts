import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readManifest } from '../../packages/server/src/lake/lake.ts'
import { NOON } from '../pipeline/game-log.ts'
import { plainSql } from '../plain-sql.ts'
import { openTestLake, type TestLake } from './open-test-lake.ts'

const DAY = 86_400_000

let lake: TestLake
beforeEach(async () => {
  lake = await openTestLake()
})
afterEach(() => lake.close())

const filesIn = () =>
  readdirSync(lake.folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .sort()

/** An init and a purchase of two players, one of them a day earlier; a match; an unknown currency. */
async function someEvents(): Promise<void> {
  const init = { country: 'pt', platform: 'ios' }
  await lake.log.games(
    { type: 'init', player: 'ana', fields: init },
    { type: 'init', player: 'bo', at: NOON - DAY, fields: { ...init, country: 'us' } },
    {
      type: 'purchase',
      player: 'ana',
      fields: {
        amount_micros: 990_000,
        currency: 'EUR',
        product_id: 'gems',
        note: 'é\n"},{"offset":9',
      },
    },
  )
  await lake.log.plain({ type: 'level_up', player: 'ana', payload: { level: 2 } })
  await lake.log.plain({ type: 'af_purchase', player: 'ana', payload: { secret: 1 } })
  await lake.log.games({ type: 'purchase', player: 'bo', fields: { amount_micros: -1 } })
}

describe('the folder', () => {
  const mode = (name = '.') => statSync(join(lake.folder, name)).mode & 0o777

  it('is for the owner alone when it is new, until the operator lets others in', async () => {
    const before = process.umask(0)
    try {
      await someEvents()
      await lake.bring()
      expect(mode()).toBe(0o700)
      chmodSync(lake.folder, 0o750)
      await someEvents()
      await lake.bring()
      expect(mode()).toBe(0o750)
      expect(mode('events-raw/date=2026-03-01')).toBe(0o777)
    } finally {
      process.umask(before)
    }
  })
})

describe('a batch', () => {
  it('is a file for each day and topic, named after its offsets', async () => {
    await someEvents()
    await lake.bring()
    expect(filesIn()).toEqual([
      'events-enriched/date=2026-02-28/1-6.parquet',
      'events-enriched/date=2026-03-01/1-6.parquet',
      'events-raw/date=2026-02-28/1-6.parquet',
      'events-raw/date=2026-03-01/1-6.parquet',
      'events-rejected/date=2026-03-01/1-6.parquet',
    ])
  })

  it('holds the whole log, what was let through, and what was refused with its reason', async () => {
    await someEvents()
    await lake.bring()
    expect(
      await lake.rows('SELECT log_offset, kind, event_type FROM events_raw ORDER BY 1'),
    ).toEqual([
      { log_offset: 1n, kind: 'game', event_type: 'init' },
      { log_offset: 2n, kind: 'game', event_type: 'init' },
      { log_offset: 3n, kind: 'game', event_type: 'purchase' },
      { log_offset: 4n, kind: 'free', event_type: 'level_up' },
      { log_offset: 5n, kind: 'server', event_type: 'af_purchase' },
      { log_offset: 6n, kind: 'game', event_type: 'purchase' },
    ])
    const enriched =
      'SELECT log_offset, country_code, platform, amount_micros, currency FROM events_enriched'
    expect(await lake.rows(`${enriched} ORDER BY 1`)).toEqual([
      { log_offset: 1n, country_code: 'PT', platform: 'IOS', amount_micros: null, currency: null },
      { log_offset: 2n, country_code: 'US', platform: 'IOS', amount_micros: null, currency: null },
      {
        log_offset: 3n,
        country_code: 'PT',
        platform: 'IOS',
        amount_micros: 990_000n,
        currency: 'EUR',
      },
      { log_offset: 4n, country_code: 'PT', platform: 'IOS', amount_micros: null, currency: null },
    ])
    expect(await lake.rows('SELECT log_offset, reason, path, stage FROM events_rejected')).toEqual([
      { log_offset: 6n, reason: 'required', path: '/product_id', stage: 'quality' },
    ])
    expect(await lake.verify()).toMatchObject({ ok: true, faults: [], checked: { compared: 6 } })
  })

  it('keeps events byte for byte, with what looks like the end of one in their texts', async () => {
    const text =
      '{ "event_id":"x",\t"a":[{"b":{}},{"offset":2,"event":{},"sdk":1}], "c":1e3, "d":"\\u00e9é😀" }'
    const texts = [
      text,
      '{"plain":true}',
      '{\r\n  "over": "lines",\n\n\r  "quoted": "\\"\\\\, \\n\\u0002;\u007f\u2028"\t}',
      `{"long":"${'é'.repeat(500_000)}"}`,
    ]
    for (const each of texts) await lake.record({ text: each })
    // What others send to us need not be JSON, and what we log may have nothing to say.
    const strange = ['', 'a=1\n&b=\u0002\u0003\u0005\u00051\r', null]
    for (const payload of strange) {
      const { offset } = await lake.log.plain({ type: 'af_purchase' })
      const hex = Buffer.from(payload ?? '').toString('hex')
      const value = payload === null ? 'NULL' : `CAST(x'${hex}' AS TEXT)`
      await plainSql(
        lake.log.url,
        `UPDATE event_log SET payload = ${value} WHERE log_offset = ${offset}`,
      )
    }
    await lake.bring()
    const events = await lake.rows('SELECT event FROM events_raw ORDER BY log_offset')
    expect(events).toEqual([...texts, ...strange].map((event) => ({ event })))
    const enriched = 'SELECT count(*) AS events, count(sdk) AS named FROM events_enriched'
    expect(await lake.rows(enriched)).toEqual([{ events: 4n, named: 0n }])
    expect((await lake.verify()).faults).toEqual([])
  })

  it('ends where quality has ended a batch of its own, at about the size that is set', async () => {
    for (let i = 0; i < 30; i += 1) await lake.log.games({ type: 'session_start', player: 'ana' })
    await lake.bring({ batchEvents: 10 })
    expect(readManifest(lake.folder).upto).toBe(30)
    expect((await lake.verify()).ok).toBe(true)
  })

  it('waits until it is large or old enough, or somebody asks', async () => {
    await lake.log.games({ type: 'session_start', player: 'ana' })
    await lake.judge()
    const stage = lake.stage({ batchMs: 60_000 })
    expect(await stage.step()).toBe(0)
    lake.time.now += 59_000
    expect(await stage.step()).toBe(0)
    lake.time.now += 1_000
    expect(await stage.step()).toBe(1)
  })
})

describe('verify', () => {
  beforeEach(async () => {
    await someEvents()
    await lake.bring()
  })
  const rawFile = () => join(lake.folder, 'events-raw/date=2026-03-01/1-6.parquet')
  const faults = async () => (await lake.verify()).faults.join('\n')

  it('finds a file that is missing, cut or changed', async () => {
    const bytes = readFileSync(rawFile())
    writeFileSync(rawFile(), bytes.subarray(0, -1))
    expect(await faults()).toContain('1-6.parquet has')
    writeFileSync(rawFile(), Buffer.concat([Buffer.from('X'), bytes.subarray(1)]))
    expect(await faults()).toContain('SHA-256')
    rmSync(rawFile())
    expect(await faults()).toContain('is missing')
  })

  it('finds offsets that are nowhere, twice, or in the wrong place', async () => {
    const path = join(lake.folder, 'manifest.json')
    const manifest = JSON.parse(readFileSync(path, 'utf8'))
    const write = (files: unknown) => writeFileSync(path, JSON.stringify({ ...manifest, files }))
    const without = (part: string) =>
      manifest.files.filter((file: { path: string }) => !file.path.includes(part))
    write(without('events-raw/date=2026-02-28'))
    expect(await faults()).toContain('offset 2 is not in events-raw')
    write([
      ...manifest.files,
      manifest.files.find((file: { path: string }) => /raw/.test(file.path)),
    ])
    expect(await faults()).toMatch(/is more than once in events-raw/)
    write(without('events-rejected'))
    expect(await faults()).toContain(
      'offset 6 is neither in events-enriched nor in events-rejected',
    )
    write(without('events-enriched/date=2026-02-28'))
    expect(await faults()).toContain('offset 2 is neither')
  })

  it('tells when the log says something else', async () => {
    await plainSql(
      lake.log.url,
      'UPDATE event_log SET payload = \'{"level":3}\' WHERE log_offset = 4',
    )
    expect(await faults()).toBe('1 offsets from 1 to 6 are not what the log says')
  })
})
