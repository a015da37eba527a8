import { createReadStream, createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { isWithoutRate } from './confirmations.ts'
import { DERIVED } from './derive-files.ts'

/** The reason of a confirmation whose amount cannot be turned into dollars yet. */
export const CURRENCY_WITHOUT_RATE = 'currency-without-rate'
/** What the computation says of it, which knows amounts of dollars alone. */
export const UNREADABLE_MONEY = 'unreadable-money'

/** File, line, reason, perhaps a quote, and the row, which begins with its offset in the log. */
const RECORD = /^([a-z_]+\.csv),\d+,([a-z0-9-]+),("?)((\d+),.*)$/s
const DERIVED_NAMES: ReadonlySet<string> = new Set(Object.values(DERIVED))

/**
 * Rewrites `rejected_rows.csv`: a row of a derived file, which nobody has, bears its offset in the log
 * in the place of a line, and one without a rate its own reason. Its order stays that of file, reason,
 * text. Returns how many rows are without a rate.
 * @param aside an unused path on the same file system
 */
export async function showOffsets(path: string, aside: string): Promise<number> {
  let withoutRate = 0
  async function* rewritten() {
    for await (const header of recordsOf(path)) {
      yield `${header}\n`
      break
    }
    // Their file is the first of all, and their reason the first of those that its rows can have.
    for await (const row of rowsOf(path)) {
      if (!isUnpriced(row)) continue
      withoutRate += 1
      yield printed(row, CURRENCY_WITHOUT_RATE)
    }
    for await (const row of rowsOf(path)) if (!isUnpriced(row)) yield printed(row, row.reason)
  }
  const bytes = async function* () {
    for await (const line of rewritten()) yield Buffer.from(line, 'latin1')
  }
  await pipeline(bytes, createWriteStream(aside, { flags: 'wx' }))
  await rename(aside, path)
  return withoutRate
}

type Row = {
  readonly record: string
  readonly file: string
  readonly reason: string
  readonly quote: string
  readonly raw: string
  readonly offset: string
}

const isUnpriced = ({ file, reason, raw }: Row): boolean =>
  file === DERIVED.confirmations && reason === UNREADABLE_MONEY && isWithoutRate(raw)

const printed = ({ record, file, quote, raw, offset }: Row, reason: string): string =>
  DERIVED_NAMES.has(file) ? `${file},${offset},${reason},${quote}${raw}\n` : `${record}\n`

/** The rows of the file; those of costs, which need no change, by their text alone. */
async function* rowsOf(path: string): AsyncGenerator<Row> {
  let isHeader = true
  for await (const record of recordsOf(path)) {
    const [, file = '', reason = '', quote = '', raw = '', offset = ''] = RECORD.exec(record) ?? []
    if (!isHeader) yield { record, file, reason, quote, raw, offset }
    isHeader = false
  }
}

/** The records of a CSV file without their line ends, as latin1: each byte one character. */
async function* recordsOf(path: string): AsyncGenerator<string> {
  let record = ''
  let isQuoted = false
  for await (const chunk of createReadStream(path, { encoding: 'latin1' })) {
    const [first = '', ...others] = String(chunk).split('\n')
    for (const [index, piece] of [first, ...others].entries()) {
      if (index > 0 && !isQuoted) yield record
      if (index > 0) record = isQuoted ? `${record}\n` : ''
      record += piece
      // A doubled quote opens and closes again, so the number of all of them tells.
      if ((piece.split('"').length - 1) % 2 === 1) isQuoted = !isQuoted
    }
  }
  if (record !== '') yield record
}
