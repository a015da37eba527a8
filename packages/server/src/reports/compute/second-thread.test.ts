import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { rowsOf, rowTextsOf } from '../../../../../tests/reports/row-builders.ts'
import { UTC } from '../cells/cells.ts'
import { InputError } from '../input/input.ts'
import {
  matchRows,
  orderDetails,
  piecesOf,
  printDetailsAhead,
  type Reconciliation,
  summarize,
  writeReconciliation,
} from '../reconciliation/reconciliation.ts'
import { findInputs, type Inputs } from './inputs.ts'
import { type ReadParts, readOthers } from './read-inputs.ts'
import { startSecondThread } from './second-thread.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'beside-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const ROWS = 2_000

async function inputs(): Promise<Inputs> {
  const time = (n: number): string => `2026-03-10T12:00:${String(n % 60).padStart(2, '0')}Z`
  const confirmations = Array.from({ length: ROWS }, (_value, n) => {
    const receipt = n % 3 === 0 ? '' : `R${n}`
    return n % 2 === 0 ? `P${n % 50},noon,1,${receipt}` : ` P${n % 50},${time(n)},1.5,${receipt}`
  })
  const sessions = Array.from({ length: ROWS }, (_value, n) => `${time(n)},${n % 9 ? `U${n}` : ''}`)
  const files = {
    'purchases.csv': [
      'appsflyer_id,event_name,event_time_utc,revenue_usd,campaign,receipt_id,status',
    ],
    'confirmed_purchases.csv': [
      'appsflyer_id,event_time_utc,revenue_usd,receipt_id',
      ...confirmations,
    ],
    'costs_daily.csv': ['date,campaign,ad_cost_usd', '2026-03-10,Spring,"4,99"', 'x,y'],
    'sessions.csv': ['event_timestamp_utc,user_id', ...sessions],
  }
  for (const [name, lines] of Object.entries(files)) {
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
  }
  return findInputs(folder)
}

/** What was rejected is told by file, as the last reading of it has it. */
function parts() {
  const rejected = new Map<string, unknown[]>()
  const own: ReadParts = {
    ...{ zone: UTC, badReceipt: /^R1$/u, onProgress: () => undefined },
    beginRejected(file) {
      const rows: unknown[] = []
      rejected.set(file, rows)
      return (row) => void rows.push(row)
    },
  }
  return { rejected, own }
}

it('a thread reads the same as its parent would', async () => {
  const files = await inputs()
  const [here, there] = [parts(), parts()]
  const expected = await readOthers(files, here.own)
  const second = startSecondThread()
  expect(await second.read(files, there.own)).toEqual(expected)
  expect(there.rejected).toEqual(here.rejected)
  expect(here.rejected.get('confirmed_purchases.csv')).toHaveLength(ROWS / 2)
  await second.end()
})

it('a file that cannot be used is the fault of the file, not ours', async () => {
  const files = await inputs()
  rmSync(join(folder, 'sessions.csv'))
  const second = startSecondThread()
  const failure = await second.read(files, parts().own).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(InputError)
  expect(String(failure)).toContain('sessions.csv')
  await second.end()
})

it('a thread that is not needed any more ends', async () => {
  const second = startSecondThread()
  const reading = second.read(await inputs(), parts().own)
  await second.end()
  await expect(reading).rejects.toThrow('the second thread ended')
})

/** So many details that they are many pieces. */
function reconciliation(): Reconciliation {
  const count = 30_000
  const rows = (shift: number) =>
    rowsOf(Array.from({ length: count }, (_value, n) => ({ at: n + shift, player: n % 50 })))
  const texts = rowTextsOf(
    Array.from({ length: 50 }, (_value, n) => `P${n}`),
    Array.from({ length: count }, (_value, n) => (n % 3 === 0 ? '' : `R"${n}`)),
  )
  const sides = {
    ...{ purchases: rows(0), purchaseMarks: new Uint8Array(count), players: 50 },
    ...{ confirmations: rows(7), confirmationMarks: new Uint8Array(count) },
  }
  const matches = matchRows(sides, 1_000)
  const summary = summarize(sides, matches)
  const details = summary.matched + summary.afOnly + summary.confirmedOnly
  const order = orderDetails(sides, matches, details)
  return { sides, texts: { purchases: texts, confirmations: texts }, matches, summary, order }
}

it('a file that both threads print has the bytes that one prints', async () => {
  const all = reconciliation()
  const [alone, together] = ['alone.json', 'together.json'].map((name) => join(folder, name))
  const expected = await writeReconciliation(String(alone), all)
  const second = startSecondThread()
  const pieces = piecesOf(all)
  const path = String(together)
  const writing = second.write({ kind: 'reconciliation', path, reconciliation: all, pieces })
  await printDetailsAhead(all, pieces, second.failure)
  expect(await writing).toEqual(expected)
  expect(readFileSync(path).equals(readFileSync(String(alone)))).toBe(true)
  await second.end()
})

it('a file that cannot be written fails both who asked for it and who prints it', async () => {
  const all = reconciliation()
  const second = startSecondThread()
  const pieces = piecesOf(all)
  const path = join(folder, 'no folder', 'file')
  const writing = second.write({ kind: 'reconciliation', path, reconciliation: all, pieces })
  const failure = await printDetailsAhead(all, pieces, second.failure).catch((error) => error)
  expect(failure).toMatchObject({ code: 'ENOENT', syscall: 'open' })
  await expect(writing).rejects.toBe(failure)
  await second.end()
})
