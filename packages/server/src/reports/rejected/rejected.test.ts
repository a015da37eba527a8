import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createRejectedRows, type RejectedRows } from './rejected.ts'

/** The text of `rejected_rows.csv` after `fill`: the same from memory, from a file, and from both. */
async function written(fill: (rejected: RejectedRows) => void): Promise<string> {
  const texts = await Promise.all([1e6, 0, 250].map((max) => writtenWith(max, fill)))
  expect(new Set(texts).size).toBe(1)
  return String(texts[0])
}

/** @param charactersMax what stays in memory */
async function writtenWith(charactersMax: number, fill: (rejected: RejectedRows) => void) {
  const scratch = mkdtempSync(join(tmpdir(), 'questline-rejected-'))
  const rejected = createRejectedRows(scratch, charactersMax)
  try {
    fill(rejected)
    const path = join(scratch, 'rejected_rows.csv')
    await rejected.write(path)
    return readFileSync(path, 'utf8')
  } finally {
    rejected.close()
    rmSync(scratch, { recursive: true })
  }
}
const row = (line: number, reason: string, raw: string) => ({ line, reason, raw })

it('rows are sorted by file, reason, raw text and line, line numbers as numbers', async () =>
  expect(
    await written((rejected) => {
      const sessions = rejected.begin('sessions.csv')
      sessions(row(2, 'unreadable-time', 'x'))
      const costs = rejected.begin('costs_daily.csv')
      costs(row(10, 'unreadable-money', 'b'))
      costs(row(9, 'unreadable-money', 'b'))
      costs(row(3, 'unreadable-date', 'z'))
      costs(row(12, 'unreadable-money', 'B'))
    }),
  ).toBe(
    'file,line,reason,raw\n' +
      'costs_daily.csv,3,unreadable-date,z\n' +
      'costs_daily.csv,12,unreadable-money,B\n' +
      'costs_daily.csv,9,unreadable-money,b\n' +
      'costs_daily.csv,10,unreadable-money,b\n' +
      'sessions.csv,2,unreadable-time,x\n',
  ))

it('raw text is a cell that a spreadsheet opens as text; it sorts as it was read', async () =>
  expect(
    await written((rejected) => {
      const add = rejected.begin('sessions.csv')
      add(row(3, 'wrong-cell-count', '=1+1'))
      add(row(4, 'wrong-cell-count', ')'))
      add(row(2, 'wrong-cell-count', 'a,"b\nc"'))
    }),
  ).toBe(
    'file,line,reason,raw\n' +
      'sessions.csv,4,wrong-cell-count,)\n' +
      "sessions.csv,3,wrong-cell-count,'=1+1\n" +
      'sessions.csv,2,wrong-cell-count,"a,""b\nc"""\n',
  ))

it('a file that is begun again loses what was taken of it, others keep theirs', async () =>
  expect(
    await written((rejected) => {
      const first = rejected.begin('sessions.csv')
      first(row(2, 'quote-fault', 'of the first reading'))
      const other = rejected.begin('costs_daily.csv')
      other(row(2, 'unreadable-date', 'other'))
      const again = rejected.begin('sessions.csv')
      again(row(2, 'quote-fault', 'by lines'))
    }),
  ).toBe(
    'file,line,reason,raw\n' +
      'costs_daily.csv,2,unreadable-date,other\n' +
      'sessions.csv,2,quote-fault,by lines\n',
  ))

it('without rejected rows the file is its header', async () =>
  expect(await written(() => undefined)).toBe('file,line,reason,raw\n'))
