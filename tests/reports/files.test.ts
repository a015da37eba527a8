import { describe, expect, it } from 'vitest'
import { aConfirmation, aPurchase, aSession, inputFiles } from './input-builders.ts'
import { type InputFiles, recompute, UnusableFile } from './recomputation/recomputation.ts'

const NO_ROWS = inputFiles()
const HEADER = 'user_id,event_timestamp_utc'
const T = '2026-03-10T12:00:00Z'

/** How the rows of a file of sessions end; `rows` go below the header as they are. */
function sessions(rows: string | Uint8Array, header = HEADER) {
  const content = Buffer.concat([Buffer.from(`${header}\n`), Buffer.from(rows)])
  return outcome({ ...NO_ROWS, sessions: content }, 'sessions.csv')
}

function outcome(input: InputFiles, file: string) {
  const { balance, rejected } = recompute(input, { today: '2026-03-11' })
  const own = balance.find((one) => one.file === file)
  const rejects = rejected.map(({ line, reason, raw }) => `${line} ${reason} ${raw}`)
  return { rowsIn: own?.rowsIn, kept: own?.kept, duplicates: own?.duplicates, rejects }
}

const allKept = (rows: number) => ({ rowsIn: rows, kept: rows, duplicates: 0, rejects: [] })

describe('a file', () => {
  it('may have a BOM, CRLF, no last line end, empty lines, other columns in any order and case', () => {
    const header = `\uFEFFEVENT_Timestamp_UTC, "extra" ,User ID`
    expect(sessions(`${T},x,U1\r\n\r\n${T},"a,b",U2`, `${header}\r`)).toEqual(allKept(2))
    expect(sessions(`U1,${T}\n`, `\n ${HEADER}`)).toEqual(allKept(1))
    expect(sessions(`U1,${T},x\n`, `${HEADER},"a\nb"`)).toEqual(allKept(1))
  })

  it('may be separated by semicolons or tabs', () => {
    expect(sessions(`U1;${T}\n`, 'user_id;event_timestamp_utc')).toEqual(allKept(1))
    expect(sessions(`U1\t${T}\n`, 'user_id\tevent_timestamp_utc')).toEqual(allKept(1))
  })

  it('with a header only has no rows', () => {
    expect(sessions('')).toEqual(allKept(0))
  })

  it.each([
    ['', ['user_id', 'event_timestamp_utc'], []],
    ['user_id\n', ['event_timestamp_utc'], []],
    ['event_timestamp_utc,date\n', ['user_id'], []],
    ['user_id,date,Date\n', [], ['date']],
    ['user_id,event_timestamp_utc,"a\n', ['user_id', 'event_timestamp_utc'], []],
    ['user_id,event_timestamp_utc,\0\n', ['user_id', 'event_timestamp_utc'], []],
  ])('%j is unusable', (content, missing, doubled) => {
    const run = () => recompute({ ...NO_ROWS, sessions: content }, { today: '2026-03-11' })
    expect(run).toThrow(UnusableFile)
    expect(run).toThrow(expect.objectContaining({ file: 'sessions.csv', missing, doubled }))
  })

  it('may have a column twice that nobody needs', () => {
    expect(sessions(`U1,${T},1,2\n`, `${HEADER},x,X`)).toEqual(allKept(1))
    expect(sessions(`U1,${T},1,2\n`, `${HEADER},date,date`)).toEqual(allKept(1))
  })
})

describe('a quoted cell', () => {
  it('may hold separators, quotes and line breaks', () => {
    const files = { ...NO_ROWS, sessions: `x,${HEADER}\n"a\r\n""b"",",U1,${T}\n,,${T}\n` }
    expect(outcome(files, 'sessions.csv').rejects).toEqual([`4 empty-user-id ,,${T}`])
  })

  it('that is never closed costs its own line and no other', () => {
    expect(sessions(`U1,${T}\n"U2,${T}\nU3,${T}\n"U4",${T}\n`)).toEqual({
      rowsIn: 4,
      kept: 3,
      duplicates: 0,
      rejects: [`3 quote-fault "U2,${T}`],
    })
  })

  it('with text behind it makes every line stand alone', () => {
    // The two lines of U1 would be one sound row in a file without a fault. The second of them is
    // a sound row of its own: a quote further on in a cell is a character.
    expect(sessions(`"U\n1",${T}\n"U2"x,${T}\n"U,3",${T}\n`)).toEqual({
      rowsIn: 4,
      kept: 2,
      duplicates: 0,
      rejects: [`2 quote-fault "U`, `4 quote-fault "U2"x,${T}`],
    })
  })

  it('with a line break in a row of wrong length makes every line stand alone', () => {
    expect(sessions(`"U1,${T}\nU2",${T},x\nU3,${T}\n`)).toEqual({
      rowsIn: 3,
      kept: 1,
      duplicates: 0,
      rejects: [`2 quote-fault "U1,${T}`, `3 wrong-cell-count U2",${T},x`],
    })
  })

  it('begins with its quote: one further on is a character', () => {
    expect(sessions(`U"1,${T}\n`)).toEqual(allKept(1))
    expect(sessions(` "U,1",${T}\n`).rejects).toEqual([`2 wrong-cell-count  "U,1",${T}`])
  })
})

describe('a row', () => {
  it('that is short or long is rejected', () => {
    expect(sessions(`U3\nU2,${T},x\nU1`).rejects).toEqual([
      '4 wrong-cell-count U1',
      `3 wrong-cell-count U2,${T},x`,
      '2 wrong-cell-count U3',
    ])
  })

  it('with bytes that are no UTF-8, or a NUL, is rejected and shown with U+FFFD', () => {
    const bytes = Buffer.concat([Buffer.from('U'), Buffer.from([0xe9]), Buffer.from(`,${T}\n`)])
    expect(sessions(bytes).rejects).toEqual([`2 invalid-utf8 U\uFFFD,${T}`])
    expect(sessions(`U\0,${T}\n`).rejects).toEqual([`2 nul-byte U\uFFFD,${T}`])
  })

  it('may have 1 MiB and not a byte more', () => {
    const ofBytes = (bytes: number) => `${'U'.repeat(bytes - T.length - 1)},${T}`
    expect(sessions(`${ofBytes(1_048_576)}\r\n`)).toEqual(allKept(1))
    expect(sessions(`${ofBytes(1_048_577)}\n`).rejects).toEqual([
      `2 line-too-long ${'U'.repeat(4_096)}… (1048577 bytes)`,
    ])
    // The cut does not show half of a character.
    expect(sessions(`${'U'.repeat(4_095)}é${ofBytes(1_048_577)}`).rejects).toEqual([
      `2 line-too-long ${'U'.repeat(4_095)}… (1052674 bytes)`,
    ])
  })

  it('may end with a CR alone, also inside quotes', () => {
    const files = { ...NO_ROWS, sessions: `${HEADER}\rU1,${T}\r"U\r2",${T}\r,${T}\r` }
    expect(outcome(files, 'sessions.csv')).toEqual({
      ...allKept(3),
      kept: 2,
      rejects: [`5 empty-user-id ,${T}`],
    })
  })

  it('is none if it is blank', () => {
    expect(sessions(`\n \t\nU1,${T}\n\r\n  `)).toEqual(allKept(1))
  })

  it('has one reason, that of its bytes before that of its structure', () => {
    expect(sessions('"\0\n').rejects).toEqual(['2 nul-byte "\uFFFD'])
    expect(sessions(Buffer.from([0x22, 0xff])).rejects).toEqual(['2 invalid-utf8 "\uFFFD'])
    expect(sessions('"').rejects).toEqual(['2 quote-fault "'])
  })
})

describe('rejected_rows.csv', () => {
  it('is sorted by file, reason, raw text and line, and runs nothing in a spreadsheet', () => {
    const input = inputFiles({
      sessions: [aSession({ event_timestamp_utc: 'x' }), aSession({ event_timestamp_utc: 'x' })],
      purchases: [aPurchase({ appsflyer_id: '' }), aPurchase({ revenue_usd: 'NaN' })],
      confirmations: [aConfirmation({ appsflyer_id: '=A1', event_time_utc: '"' })],
    })
    expect(recompute(input, { today: '2026-03-11' }).files['rejected_rows.csv']).toBe(
      [
        'file,line,reason,raw\n',
        `confirmed_purchases.csv,2,unreadable-time,"'=A1,"""""""",4.99,"\n`,
        `purchases_raw.csv,2,empty-appsflyer-id,",purchase,${T},4.99,Spring,,success"\n`,
        `purchases_raw.csv,3,unreadable-money,"P1,purchase,${T},NaN,Spring,,success"\n`,
        'sessions.csv,2,unreadable-time,"U1,x"\n',
        'sessions.csv,3,unreadable-time,"U1,x"\n',
      ].join(''),
    )
  })
})

describe("AppsFlyer's own export", () => {
  const names = 'AppsFlyer ID,Event Name,Event Time,Event Revenue USD,Campaign,Event Value'

  it.each([names, names.toLowerCase().replaceAll(' ', '_')])('is read under %s', (header) => {
    const rows = [
      'A1,af_purchase,2026-03-10 12:00:00,4.99,Spring,"{""af_order_id"":""G"",""af_receipt_id"":7}"',
      'A1,af_purchase,2026-03-10 13:00:00,2,,"{""af_order_id"":""X""}"',
      'A2,af_purchase,2026-03-10 14:00:00,-2,,"{""af_receipt_id"":"""",""af_order_id"":""X""}"',
      'A3,af_login,2026-03-10 15:00:00,,,null',
    ]
    const purchases = [header, ...rows].map((line) => `${line}\n`).join('')
    const { files, balance } = recompute({ ...NO_ROWS, purchases }, { today: '2026-03-11' })
    expect(balance[0]?.filteredBy).toEqual({ chargeback: 1, 'not-a-purchase': 1 })
    expect(files['purchases_curated.csv'].split('\n').slice(1)).toEqual([
      'A1,af_purchase,2026-03-10T12:00:00Z,4.99,Spring,7,success,SPRING,4.99,',
      'A1,af_purchase,2026-03-10T13:00:00Z,0.00,,X,success,(NONE),2.00,' +
        'chargeback;receipt_on_two_players',
      '',
    ])
  })
})
