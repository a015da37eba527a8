import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { booksViolations } from '../../../../tests/books-invariants.ts'
import { NOON } from '../../../../tests/builders.ts'
import { DATABASES } from '../../../../tests/database.ts'
import { type BooksFixture, freshBooks } from '../../../../tests/fresh-books.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import { type LogRecord, readLog } from '../log/log.ts'
import { type ImportRequest, importEvents, UnreadableFileError } from './ingest.ts'
import { uuidOfNames } from './uuid.ts'

const anInit = (user: string | number, changes: object = {}) =>
  JSON.stringify({
    ...{
      'event-type': 'init',
      time: 1_700_000_000,
      'user-id': user,
      country: 'US',
      platform: 'C64',
    },
    ...changes,
  })
const anInstall = (n: number, changes: object = {}) =>
  JSON.stringify({
    event_id: `0199a1b2-c3d4-7e5f-8a6b-${String(n).padStart(12, '0')}`,
    ...{ event_type: 'install', occurred_at: '2025-03-01T12:00:00Z', player_id: `p${n}` },
    platform: 'ios',
    ...changes,
  })
const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => anInstall(from + i))

describe.each(DATABASES)('an import on $name', (database) => {
  let books: BooksFixture
  let folder: string
  beforeAll(async () => {
    books = await freshBooks(database)
  })
  afterAll(() => books.close())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'questline-import-'))
    const tables = ['event_batches', 'event_ids', 'arrivals', 'refused_events', 'imports']
    await plainSql(
      books.url,
      ...tables.map((table) => `DELETE FROM ${table}`),
      'UPDATE log_head SET log_offset = 0',
    )
  })
  afterEach(async () => {
    expect(await booksViolations(books.url)).toEqual([])
    await rm(folder, { recursive: true })
  })

  const file = async (content: string | Uint8Array | readonly string[], name = 'events.ndjson') => {
    const path = join(folder, name)
    await writeFile(path, Array.isArray(content) ? `${content.join('\n')}\n` : (content as string))
    return path
  }
  const run = (path: string, changes: Partial<ImportRequest> = {}, writer = books.writer) =>
    importEvents(
      { store: books.store, writer, now: () => NOON },
      {
        file: path,
        app: 'default',
        source: basename(path),
        currency: null,
        onProgress: () => undefined,
        ...changes,
      },
    )
  const logged = async (): Promise<LogRecord[]> => {
    const found: LogRecord[] = []
    for await (const { records } of readLog(books.store.read, 0, { events: 10_000 })) {
      found.push(...records)
    }
    return found
  }
  const counts = (accepted: number, duplicates: number, conflicts: number, rejected: number) => ({
    ...{ accepted, duplicates, conflicts, rejected },
  })

  it('reads both forms of an event, in the order of the lines', async () => {
    const inMs = { time: 1_700_000_000_123, event_id: '0199a1b2-c3d4-7e5f-8a6b-000000000009' }
    const path = await file([anInit(7), anInstall(1, { platform: 'iOS' }), anInit('7', inMs)])
    expect(await run(path)).toEqual({ ...counts(3, 0, 0, 0), lines: 3, resumedAfter: 0 })
    const [first, second, third] = await logged()
    expect(first).toMatchObject({
      ...{ offset: 1, eventType: 'init', playerId: '7', occurredAt: 1_700_000_000_000 },
      ...{ eventId: uuidOfNames('default', 'events.ndjson', 1), source: 'import:events.ndjson' },
      ...{ correctedAt: 1_700_000_000_000, receivedAt: NOON, sentAt: null, flags: [] },
      event: JSON.parse(anInit(7)),
    })
    expect(second).toMatchObject({ eventType: 'install', playerId: 'p1', app: 'default' })
    expect(third).toMatchObject({ eventId: inMs.event_id, occurredAt: inMs.time, playerId: '7' })
  })

  it('writes the currency of the file into the amounts that name none', async () => {
    const bought = (changes: object) =>
      anInit('7', { 'event-type': 'in-app-purchase', 'product-id': 'p', ...changes })
    const path = await file([
      ...[bought({ purchase_value: 4.99 }), bought({ purchase_value: 1, currency: 'JPY' })],
      ...[anInit(7), `${bought({ purchase_value: 2 })}  `, bought({ currency: 'XXX' })],
    ])
    expect(await run(path, { currency: 'EUR' })).toMatchObject(counts(4, 0, 0, 1))
    const events = (await logged()).map(({ event }) => event)
    expect(events).toEqual([
      JSON.parse(bought({ purchase_value: 4.99, currency: 'EUR' })),
      JSON.parse(bought({ purchase_value: 1, currency: 'JPY' })),
      JSON.parse(anInit(7)),
      JSON.parse(bought({ purchase_value: 2, currency: 'EUR' })),
    ])
    expect(await run(path, { currency: 'EUR' })).toMatchObject(counts(0, 4, 0, 1))
  })

  it('holds a time only to be no later than the receipt', async () => {
    await run(await file([anInstall(1, { occurred_at: '2099-01-01T00:00:00Z' })]))
    expect(await logged()).toMatchObject([{ correctedAt: NOON, flags: ['clock_clamped'] }])
  })

  it('keeps bad lines with their line and their bytes, and goes on', async () => {
    const bad = [
      ...['{"a":', '[1]', '\uFFFD', anInstall(1, { platform: '' }), anInstall(2, { app_id: 'x' })],
      ...[
        anInit(1, { time: -1 }),
        anInit(1, { 'event-type': 'earn' }),
        anInstall(3, { event_id: 'x' }),
      ],
      anInit({} as never),
    ]
    const bytes = Buffer.from(['', ...bad, '', anInstall(4)].join('\r\n'))
    // No UTF-8.
    bytes.set([0xff, 0xff, 0xff], bytes.indexOf('\uFFFD'))
    const path = await file(bytes, 'bad.ndjson')
    expect(await run(path)).toMatchObject({ ...counts(1, 0, 0, bad.length), lines: bad.length + 3 })
    const rows = await plainSql(books.url, 'SELECT * FROM refused_events ORDER BY refused_id')
    expect(rows.map(({ line, reason, path }) => [Number(line), reason, path])).toEqual([
      [2, 'invalid-event', null],
      [3, 'invalid-event', null],
      [4, 'invalid-event', null],
      [5, 'schema', '/platform'],
      [6, 'wrong-app', '/app_id'],
      [7, 'schema', '/time'],
      [8, 'unknown-event-type', '/event-type'],
      [9, 'invalid-event-id', '/event_id'],
      [10, 'schema', '/user-id'],
    ])
    expect(rows[0]).toMatchObject({ source: 'import:bad.ndjson', request_id: null })
    expect(Buffer.from(rows[2]?.['raw'] as Uint8Array)).toEqual(
      Buffer.from([0xff, 0xff, 0xff, 0x0d]),
    )
  })

  it('repeated changes nothing; under another name it is another import', async () => {
    const path = await file([anInit(1), anInstall(1), 'x'])
    await run(path)
    expect(await run(path)).toEqual({ ...counts(0, 2, 0, 1), lines: 3, resumedAfter: 3 })
    expect(await plainSql(books.url, 'SELECT sum(duplicates) AS n FROM arrivals')).toEqual([
      { n: 0n },
    ])
    expect(await run(path, { source: 'again' })).toMatchObject(counts(1, 1, 0, 1))
    expect(await run(path, { app: 'second' })).toMatchObject(counts(2, 0, 0, 1))
  })

  it('of a file that has grown reads the new lines', async () => {
    await run(await file([anInit(1), anInstall(1)]))
    const path = await file([anInit(1), anInstall(1), anInit(2), anInstall(1)])
    expect(await run(path)).toEqual({ ...counts(1, 3, 0, 0), lines: 4, resumedAfter: 2 })
  })

  it('of another file of the same name begins anew: lines without ids conflict, and nothing is lost', async () => {
    await run(await file([anInit(1), anInstall(1)]))
    const path = await file([anInit(2), anInstall(2), anInstall(1)])
    expect(await run(path)).toEqual({ ...counts(1, 1, 1, 0), lines: 3, resumedAfter: 0 })
    expect(
      await plainSql(books.url, 'SELECT reason, line, first_offset FROM refused_events'),
    ).toEqual([{ reason: 'event-id-conflict', line: 1n, first_offset: 1n }])
  })

  it.each([
    ['its piece was lost', false],
    ['its piece was committed', true],
  ])('that was interrupted goes on where it was: %s', async (_, isCommitted) => {
    const path = await file(many(5_000))
    let pieces = 0
    const breaking: typeof books.writer = {
      ...books.writer,
      submit: async (work, input) => {
        pieces += 1
        if (pieces < 2) return books.writer.submit(work, input)
        if (isCommitted) await books.writer.submit(work, input)
        throw new Error('killed')
      },
    }
    await expect(run(path, {}, breaking)).rejects.toThrow('killed')
    const resumedAfter = isCommitted ? 4_000 : 2_000
    expect(await run(path)).toEqual({ ...counts(5_000, 0, 0, 0), lines: 5_000, resumedAfter })
    expect((await logged()).map(({ playerId }) => playerId)).toEqual(
      many(5_000).map((_event, i) => `p${i}`),
    )
  })

  it('twice at once imports each event once', async () => {
    const path = await file([...many(3_000), anInit(1)])
    await Promise.all([run(path), run(path)])
    expect(await logged()).toHaveLength(3_001)
  })

  it('reads gzip and Parquet', async () => {
    const packed = await file(gzipSync(`${many(3).join('\n')}`), 'packed')
    expect(await run(packed)).toMatchObject(counts(3, 0, 0, 0))
    const path = join(folder, "it's.parquet")
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    await connection.run(
      `COPY (SELECT CASE WHEN i > 0 THEN '0199a1b2-c3d4-7e5f-8a6b-00000000100' || i END::UUID AS event_id,
        'purchase' AS event_type, TIMESTAMPTZ '2025-03-01 13:00:00.5+01' AS occurred_at, 'ada' AS player_id,
        'ios' AS platform, CASE WHEN i < 2 THEN 'gems' END AS product_id, 1 AS quantity, 5::BIGINT AS amount_micros,
        'EUR' AS currency, {'a': i, 'b': NULL} AS properties FROM range(3) t (i)) TO '${path.replaceAll("'", "''")}'`,
    )
    connection.closeSync()
    expect(await run(path)).toMatchObject({ ...counts(2, 0, 0, 1), lines: 3 })
    const [row] = (await logged()).slice(3)
    expect(row).toMatchObject({
      ...{ eventId: uuidOfNames('default', "it's.parquet", 1), eventType: 'purchase' },
      ...{ occurredAt: Date.parse('2025-03-01T12:00:00.500Z') },
      event: { product_id: 'gems', amount_micros: 5, properties: { a: 0 } },
    })
    expect(await run(path)).toMatchObject(counts(0, 2, 0, 1))
  })

  it('of what cannot be read says so, and keeps what it read before', async () => {
    await expect(run(join(folder, 'missing'))).rejects.toThrow(UnreadableFileError)
    await expect(run(folder)).rejects.toThrow(UnreadableFileError)
    const whole = gzipSync(many(12_000).join('\n'))
    const cut = await file(whole.subarray(0, whole.length / 2), 'cut.gz')
    await expect(run(cut)).rejects.toThrow(/cut\.gz cannot be read: unexpected end of file/)
    const before = (await logged()).length
    expect(before).toBeGreaterThan(1_000)
    const mended = await file(whole, 'cut.gz')
    expect(await run(mended)).toEqual({
      ...counts(12_000, 0, 0, 0),
      lines: 12_000,
      resumedAfter: before,
    })
    await expect(run(await file('PAR1 and no more', 'x.parquet'))).rejects.toThrow(
      UnreadableFileError,
    )
    expect(await run(await file('', 'empty'))).toMatchObject({ lines: 0, ...counts(0, 0, 0, 0) })
  })
})
