import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { REPORT_FILES } from '../../packages/server/src/http/report-files.ts'
import {
  formatInstant,
  formatMicrosJson,
  parseInstant,
  parseMoney,
  UTC,
} from '../../packages/server/src/reports/cells/cells.ts'
import { FILTER_REASONS, REJECT_REASONS } from '../../packages/server/src/reports/page/page.ts'
import {
  aCost,
  aPurchase,
  type CostCells,
  inputFiles,
  type PurchaseCells,
} from '../reports/input-builders.ts'
import { type ProductRun, runProduct } from '../reports/run-product.ts'
import { quoted, readPage, section, tableRows } from './markdown.ts'
import { type Example, exampleIn } from './report-examples.ts'

const PAGE = readPage('docs/reports.md').text
const D1 = '2026-03-10'
const INPUTS = {
  purchases: 'purchases_raw.csv',
  confirmations: 'confirmed_purchases.csv',
  costs: 'costs_daily.csv',
  sessions: 'sessions.csv',
} as const

/** Runs the files of an example, with the header alone for those that it does not show. */
async function runExample(example: Example): Promise<ProductRun> {
  const headers = inputFiles()
  const input = {
    purchases: example[INPUTS.purchases] ?? headers.purchases,
    confirmations: example[INPUTS.confirmations] ?? headers.confirmations,
    costs: example[INPUTS.costs] ?? headers.costs,
    sessions: example[INPUTS.sessions] ?? headers.sessions,
  }
  return runProduct(input, { today: '2026-03-20', date: D1 })
}

const isInput = (name: string): boolean => Object.values<string>(INPUTS).includes(name)

const RULES = [
  ...['1. Clean', '2. Deduplicate', '3. Chargeback', '4. Reconcile', '5. ROAS', '7. Anomaly'],
  ...['8. ARPDAU', '9. A run'],
]

describe('the worked examples of docs/reports.md', () => {
  it.each(RULES)('%s gives what the page says, byte for byte', async (title) => {
    const example = exampleIn(PAGE, title)
    const outputs = Object.keys(example).filter((name) => !isInput(name))
    expect(outputs.length).toBeGreaterThan(0)
    expect(outputs.length).toBeLessThan(Object.keys(example).length)
    const { files } = await runExample(example)
    for (const name of outputs) expect(files[name], name).toBe(example[name])
  })

  it('would not pass with another number', async () => {
    const example = exampleIn(PAGE, '5. ROAS')
    const { files } = await runExample({
      ...example,
      [INPUTS.costs]: 'date,campaign,ad_cost_usd\n',
    })
    expect(files['roas_d1.json']).not.toBe(example['roas_d1.json'])
  })

  it('6. D-1 is the day of the table, for its reason', async () => {
    const rows = tableRows(section(PAGE, '6. D-1'))
    const reasons: string[] = []
    for (const [today = '', sold = '', spent = '', day, reason = ''] of rows) {
      const input = inputFiles({ purchases: soldOn(daysIn(sold)), costs: spentOn(daysIn(spent)) })
      const { summary } = await runProduct(input, { today })
      expect(summary.d1, today).toEqual({ date: day, reason: quoted(reason) })
      reasons.push(summary.d1.reason)
    }
    expect(new Set(reasons).size).toBe(5)
  })

  it('9. The hash is that of the file', async () => {
    const { files } = await runExample(exampleIn(PAGE, '9. A run'))
    const sha256 = createHash('sha256')
      .update(files['roas_d1.json'] ?? '')
      .digest('hex')
    expect(section(PAGE, '9. A run')).toContain(`\`${sha256}\``)
  })
})

const daysIn = (cell: string): string[] => cell.split(', ').filter((day) => day !== '')
const soldOn = (days: readonly string[]): PurchaseCells[] =>
  days.map((day) => aPurchase({ event_time_utc: `${day}T12:00:00Z` }))
const spentOn = (days: readonly string[]): CostCells[] => days.map((date) => aCost({ date }))

describe('the tables of docs/reports.md', () => {
  const WHAT_GOES_IN = section(PAGE, 'What goes in')

  it('list every reason of a reject, with the words of report.html', () => {
    const rows = tableRows(section(PAGE, 'Rejected'))
    expect(Object.fromEntries(rows.map(([reason = '', why]) => [quoted(reason), why]))).toEqual(
      REJECT_REASONS,
    )
  })

  it('list every reason of a filter, with the words of report.html', () => {
    const rows = tableRows(section(PAGE, 'Filtered'))
    expect(Object.fromEntries(rows.map(([reason = '', why]) => [quoted(reason), why]))).toEqual(
      FILTER_REASONS,
    )
  })

  it('list the columns that the files must have', async () => {
    const documented = tableRows(WHAT_GOES_IN).map(([file = '', columns = '']) => [
      quoted(file),
      spans(columns),
    ])
    const headers = Object.entries(inputFiles()).map(([name, text]) => [
      INPUTS[name as keyof typeof INPUTS],
      String(text).trim().split(','),
    ])
    const [purchases, confirmations, costs, sessions] = documented
    expect([purchases, confirmations, costs]).toEqual(headers.slice(0, 3))
    expect(sessions).toEqual(['sessions.csv', ['user_id', 'event_timestamp_utc', 'date']])
    for (const [file, columns] of documented.slice(0, 3)) {
      for (const missing of columns ?? []) {
        const header = `${[...(columns ?? [])].filter((column) => column !== missing).join(',')}\n`
        const failure = await runExample({ [String(file)]: header }).catch(
          (error: unknown) => error,
        )
        expect(String(failure)).toContain(missing)
      }
    }
  })

  it('list every output with its columns', async () => {
    const { files } = await runExample(exampleIn(PAGE, '1. Clean'))
    const documented = tableRows(section(PAGE, 'What comes out'))
    const names = documented.map(([file = '']) => quoted(file))
    expect([...names].sort()).toEqual([...Object.keys(files), 'run.json'].sort())
    for (const [file = '', , columns = ''] of documented) {
      const name = quoted(file)
      const served = REPORT_FILES.find((report) => report.file === name)?.rows?.columns
      const header = name.endsWith('.csv') ? files[name]?.split('\n')[0]?.split(',') : served
      expect(spans(columns), name).toEqual(header ?? [])
    }
  })

  it('read times and amounts as we do', () => {
    const tables = WHAT_GOES_IN.split(/(?=^\| (?:Time|Amount) \|)/m).slice(1)
    const [times = [], amounts = []] = tables.map((table) => tableRows(table))
    for (const [cell = '', meaning = ''] of times) {
      const { instant } = parseInstant(quoted(cell), UTC)
      expect(instant === undefined ? 'rejected' : formatInstant(instant)).toBe(quoted(meaning))
    }
    for (const [cell = '', meaning = ''] of amounts) {
      const money = parseMoney(quoted(cell), 'unknown')
      const read =
        money.micros !== undefined
          ? formatMicrosJson(money.micros)
          : money.reason === 'ambiguous-number'
            ? 'depends on its column'
            : 'rejected'
      expect(read, cell).toBe(quoted(meaning))
    }
    expect(times.length + amounts.length).toBeGreaterThan(12)
  })
})

const spans = (cell: string): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span)
