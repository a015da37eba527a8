import { createHash } from 'node:crypto'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readHeader } from './header.ts'
import { InputError } from './input-error.ts'
import { openRecords } from './record-reader.ts'
import { assertUnchanged, type ScannedCsv, type ScanSettings, scanCsv } from './scan.ts'
import type { UnreadableRecord } from './unreadable.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scan-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const HEADER = 'user_id,campaign,ad_cost_usd'

type Scan = {
  readonly scanned: ScannedCsv
  readonly unreadable: readonly UnreadableRecord[]
  /** Lines and texts of all readable records. */
  readonly taken: readonly (readonly [number, string])[]
  /** Where they start in the file. */
  readonly places: readonly number[]
  /** The bytes of the file, each time that it was begun. */
  readonly begun: readonly number[]
}

async function scan(content: string | Buffer, settings: Partial<ScanSettings> = {}): Promise<Scan> {
  const path = join(folder, 'costs_daily.csv')
  writeFileSync(path, content)
  let unreadable: UnreadableRecord[] = []
  const begun: number[] = []
  let taken: [number, string][] = []
  let places: number[] = []
  const scanned = await scanCsv(path, {
    onBegin(fileBytes) {
      begun.push(fileBytes)
      unreadable = []
      taken = []
      places = []
    },
    onUnreadable: (record) => void unreadable.push(record),
    onRecord({ line, start, stop }, bytes, base) {
      taken.push([line, bytes.toString('utf8', start, stop)])
      places.push(base + start)
    },
    ...settings,
  })
  return { scanned, unreadable, taken, places, begun }
}

describe('a file', () => {
  it('is read once and hashed, and its records are seen', async () => {
    const text = `${HEADER}\n1,a,2.00\n2,"b, ""c""",3\n3,,\n`
    const found = await scan(text)
    expect(found.scanned).toMatchObject({
      sha256: createHash('sha256').update(text).digest('hex'),
      bytes: text.length,
      header: ['user_id', 'campaign', 'ad_cost_usd'],
      records: 3,
      unreadable: 0,
      delimiter: ',',
      byLine: false,
    })
    expect(found.taken).toEqual([
      [2, '1,a,2.00'],
      [3, '2,"b, ""c""",3'],
      [4, '3,,'],
    ])
    expect(found.begun).toEqual([text.length])
  })

  it.each([
    ['a byte order mark', `\ufeff${HEADER}\n1,a,2\n`],
    ['CR LF', `${HEADER}\r\n1,a,2\r\n`],
    ['CR', `${HEADER}\r1,a,2\r`],
    ['mixed line ends', `${HEADER}\r\n1,a,2\n\r`],
    ['a last line without line end', `${HEADER}\n1,a,2`],
    ['quoted names', '"user_id","campaign","ad_cost_usd"\n1,a,2\n'],
    ['empty lines', `${HEADER}\n\n1,a,2\n\n\n`],
    ['lines of spaces', `${HEADER}\n \t \n1,a,2\n \n`],
    ['lines before the header', `\n  \n${HEADER}\n1,a,2\n`],
    ['semicolons', 'user_id;campaign;ad_cost_usd\n1;4,99;2\n'],
    ['tabs', 'user_id\tcampaign\tad_cost_usd\n1\t4,99\t2\n'],
    ['quotes inside a cell', `${HEADER}\n1, "a",5" phone\n`],
  ])('may have %s', async (_, text) => {
    const found = await scan(text)
    expect([
      found.scanned.header,
      found.taken.length,
      found.unreadable,
      found.begun.length,
    ]).toEqual([['user_id', 'campaign', 'ad_cost_usd'], 1, [], 1])
  })

  it('may be a header only', async () => {
    for (const text of [HEADER, `${HEADER}\n`, `\ufeff${HEADER}\r\n\r\n`]) {
      const found = await scan(text)
      expect([found.scanned.records, found.unreadable]).toEqual([0, []])
    }
  })

  it('may have cells with line breaks', async () => {
    const found = await scan(`${HEADER}\n1,"two\nlines",2\n2,b,3\n`)
    expect(found.taken).toEqual([
      [2, '1,"two\nlines",2'],
      [4, '2,b,3'],
    ])
  })

  it('may have a header with a line break', async () => {
    const found = await scan('"user\nid",campaign,ad_cost_usd\n1,a,2\n')
    expect(found.taken).toEqual([[3, '1,a,2']])
  })
})

describe('a record', () => {
  it('is read again from where it starts', async () => {
    const long = `"${'x'.repeat(10_000)}\n""y"""`
    const { scanned, places } = await scan(`\n${HEADER}\n1,a,2\n2,${long},3\r\n\n3,"é",4`)
    const records = openRecords(scanned)
    expect(places.map((place) => records.cells(place))).toEqual([
      ['1', 'a', '2'],
      ['2', `${'x'.repeat(10_000)}\n"y"`, '3'],
      ['3', 'é', '4'],
    ])
    records.close()
  })

  it('of a file with a quote fault is read again as its line', async () => {
    const { scanned, places } = await scan(`${HEADER}\n1,a,2\n2,"open,3\n3,b,4\n`)
    const records = openRecords(scanned)
    expect(places.map((place) => records.cells(place))).toEqual([
      ['1', 'a', '2'],
      ['3', 'b', '4'],
    ])
    records.close()
  })

  it('starts where it did in a file of many reads', async () => {
    const rows = Array.from({ length: 200_000 }, (_, n) => `${n},"c\n${n}",1`)
    const { scanned, places } = await scan(`${HEADER}\n${rows.join('\n')}`)
    const records = openRecords(scanned)
    for (const n of [0, 1, 77_777, 199_999]) {
      expect(records.cells(places[n] ?? -1)).toEqual([`${n}`, `c\n${n}`, '1'])
    }
    records.close()
  })
})

describe('a record that cannot be read', () => {
  it('is handed over with line, reason and text, and the records around it stay', async () => {
    const found = await scan(
      Buffer.concat([
        Buffer.from(`${HEADER}\n1,a,2\n2,short\n3,too,long,row\n4,n\0l,2\n5,`),
        Buffer.from([0xe9, 0x74, 0xc3]),
        Buffer.from(',2\n6,"two\nlines",2\nx\n7,b,3'),
      ]),
    )
    expect(found.unreadable).toEqual([
      { line: 3, reason: 'wrong-cell-count', raw: '2,short' },
      { line: 4, reason: 'wrong-cell-count', raw: '3,too,long,row' },
      { line: 5, reason: 'nul-byte', raw: '4,n\ufffdl,2' },
      { line: 6, reason: 'invalid-utf8', raw: '5,\ufffdt\ufffd,2' },
      { line: 9, reason: 'wrong-cell-count', raw: 'x' },
    ])
    expect(found.taken).toEqual([
      [2, '1,a,2'],
      [7, '6,"two\nlines",2'],
      [10, '7,b,3'],
    ])
    expect(found.scanned).toMatchObject({ records: 3, unreadable: 5, byLine: false })
  })

  it('is a record of more than 1 MiB, which is shown by its beginning', async () => {
    const longest = `1,${'é'.repeat(524_286)},2`
    const found = await scan(`${HEADER}\n${longest}\n2,y${longest}\n3,b,2\n`)
    expect(found.scanned.records).toBe(2)
    expect(found.unreadable).toEqual([
      { line: 3, reason: 'line-too-long', raw: `2,y1,${'é'.repeat(2_045)}… (1048579 bytes)` },
    ])
    expect(found.taken).toEqual([
      [2, longest],
      [4, '3,b,2'],
    ])
  })

  it('may be longer than the memory that is used', async () => {
    const found = await scan(`${HEADER}\n1,a,2\n2,"${'x\n'.repeat(8_000_000)}",2\n3,b,2\n`)
    expect(found.unreadable).toMatchObject([
      { line: 3, reason: 'line-too-long', raw: expect.stringMatching(/… \(16000006 bytes\)$/) },
    ])
    expect(found.taken).toEqual([
      [2, '1,a,2'],
      [8_000_004, '3,b,2'],
    ])
  })

  it('is waited for, so that a slow taker holds the reading', async () => {
    let waiting = 0
    let most = 0
    await scan(`${HEADER}\n${'x\n'.repeat(50)}`, {
      onUnreadable: async () => {
        waiting += 1
        most = Math.max(most, waiting)
        await new Promise(setImmediate)
        waiting -= 1
      },
    })
    expect([most, waiting]).toEqual([1, 0])
  })
})

describe('a quote fault', () => {
  const row = (n: number): string => `${n},"4,99",b`

  it('in the middle of the file costs its own line and nothing after it', async () => {
    const found = await scan(`${HEADER}\n${row(1)}\n2,"open,b\n${row(3)}\n${row(4)}\n`)
    expect(found.scanned.byLine).toBe(true)
    expect(found.unreadable).toEqual([{ line: 3, reason: 'quote-fault', raw: '2,"open,b' }])
    expect(found.begun).toHaveLength(2)
    expect(found.taken).toEqual([
      [2, row(1)],
      [4, row(3)],
      [5, row(4)],
    ])
  })

  it.each([
    ['a file that ends inside quotes', `1,a,2\n2,b,"3\n4,c,5\n`, '2,b,"3', 3],
    ['a closing quote before something else', '1,a,2\n2,"b" x,3\n4,c,5', '2,"b" x,3', 3],
    // The quote closes by chance, at the end of a line: only the number of cells tells.
    ['a row over two lines with too many cells', '1,a,2\n2,b,"3\n4,c",5\n', '2,b,"3', 3],
  ])('is %s', async (_, body, raw, line) => {
    const found = await scan(`${HEADER}\n${body}`)
    expect(found.scanned.byLine).toBe(true)
    expect(found.unreadable[0]).toEqual({ line, reason: 'quote-fault', raw })
    expect(found.scanned.records + found.scanned.unreadable).toBe(3)
  })

  it('is none when a row over two lines has its cells, or one over one line has not', async () => {
    for (const body of ['1,"a\nb",2\n', '1,"a,b"\n']) {
      expect((await scan(`${HEADER}\n${body}`)).scanned.byLine).toBe(false)
    }
  })

  it('also makes lines of what was a good cell with line breaks, each accounted for', async () => {
    const found = await scan(`${HEADER}\n1,"a\nb",2\n3,"c\n`)
    expect(found.unreadable.map(({ line, reason }) => [line, reason])).toEqual([
      [2, 'quote-fault'],
      [3, 'wrong-cell-count'],
      [4, 'quote-fault'],
    ])
  })

  it('is found behind megabytes of open quotes', async () => {
    const rows = Array.from({ length: 200_000 }, (_, n) => `${n},camp,2.00`)
    const found = await scan(`${HEADER}\n0,"open,1\n${rows.join('\n')}\n`)
    expect([found.scanned.records, found.scanned.unreadable]).toEqual([200_000, 1])
    expect(found.taken).toEqual(rows.map((row, n) => [n + 3, row]))
  })
})

describe('a file that is no CSV text in UTF-8', () => {
  const utf16 = Buffer.from(`${HEADER}\n1,a,2\n`, 'utf16le')
  it.each([
    ['empty', Buffer.alloc(0), 'is empty'],
    ['blank', Buffer.from('\ufeff\r\n \n'), 'is empty'],
    ['UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]), 'save it as "CSV UTF-8"'],
    ['UTF-16, big-endian', Buffer.from([0xfe, 0xff, 0, 0x61]), 'save it as "CSV UTF-8"'],
    ['UTF-16 without a mark', utf16, 'save it as "CSV UTF-8"'],
    ['a workbook', Buffer.from('PK\x03\x04…'), 'Excel'],
    ['compressed', Buffer.from([0x1f, 0x8b, 8]), 'gzip'],
    ['a header in an open quote', Buffer.from('user_id,"campaign\n1,2\n'), 'a quote'],
    ['a header without end', Buffer.alloc(1_100_000, 'x'), 'longer than 1 MiB'],
  ])('is refused in one line when it is %s', async (_, content, what) => {
    const failure: unknown = await scan(content).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(InputError)
    expect(`${failure}`).toContain('costs_daily.csv')
    expect(`${failure}`).toContain(what)
    expect(`${failure}`).not.toContain('\n')
  })

  it('is refused when it does not exist or is a folder', async () => {
    const settings = { onUnreadable: () => {} }
    await expect(scanCsv(join(folder, 'none.csv'), settings)).rejects.toThrow(
      /none.csv .*not exist/,
    )
    await expect(scanCsv(folder, settings)).rejects.toThrow('it is a folder')
  })
})

describe('a scan', () => {
  it.each([
    ['a name of 100 KB', `${'x'.repeat(100_000)};campaign\n1;2\n`],
    // The separator is looked for up to a line end outside quotes, wherever that is.
    ['a quote in a name that is closed 100 KB behind', `a";b\n${'1;2\n'.repeat(25_000)}"x;y;z\n`],
  ])('reads a header that is not usual: %s', async (_what, content) => {
    const path = join(folder, 'costs_daily.csv')
    writeFileSync(path, content)
    expect((await readHeader(path)).delimiter).toBe(';')
  })

  it('reads the header alone for a check before the work', async () => {
    await scan(`\ufeff"user_id";campaign\n1;2\n`)
    expect(await readHeader(join(folder, 'costs_daily.csv'))).toMatchObject({
      cells: ['user_id', 'campaign'],
      delimiter: ';',
    })
  })

  it('shows its progress up to the whole, twice when it reads twice', async () => {
    for (const [body, times] of [
      ['1,a,2\n', 1],
      ['1\n', 1],
      ['1,"a,2\n', 2],
    ] as const) {
      const seen: [number, number][] = []
      const onProgress = (bytes: number, total: number): void => void seen.push([bytes, total])
      const { scanned } = await scan(`${HEADER}\n${body}`, { onProgress })
      expect(seen.at(-1)).toEqual([scanned.bytes * times, scanned.bytes * times])
    }
  })

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('told to stop'))
    await expect(scan(`${HEADER}\n1,a,2\n`, { signal })).rejects.toThrow('told to stop')
  })

  it('notices a file that is written to, even by as many bytes', async () => {
    const { scanned } = await scan(`${HEADER}\n1,a,2\n`)
    await assertUnchanged(scanned)
    writeFileSync(scanned.path, `${HEADER}\n1,a,3\n`)
    await expect(assertUnchanged(scanned)).rejects.toThrow('was changed while it was read')
    const grown = scan(`${HEADER}\n1,a,2\n`, {
      onProgress: () => appendFileSync(join(folder, 'costs_daily.csv'), '2,b,3\n'),
    })
    await expect(grown).rejects.toThrow(InputError)
  })

  it('shows each record with its line in a file of many reads', async () => {
    const rows = Array.from({ length: 200_000 }, (_, n) => `${n},"c\n${n}",1`)
    const { scanned, taken } = await scan(`${HEADER}\n${rows.join('\n')}`)
    expect(scanned.bytes).toBeGreaterThan(3 * 1_048_576)
    expect(taken).toEqual(rows.map((row, n) => [2 + 2 * n, row]))
  })
})
