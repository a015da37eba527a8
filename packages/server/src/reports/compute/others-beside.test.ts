import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { UTC } from '../cells/cells.ts'
import { InputError } from '../input/input.ts'
import { findInputs, type Inputs } from './inputs.ts'
import { readOthersBeside } from './others-beside.ts'
import { type ReadParts, readOthers } from './read-inputs.ts'

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
  const beside = readOthersBeside(files, there.own)
  expect(await beside.wait()).toEqual(expected)
  expect(there.rejected).toEqual(here.rejected)
  expect(here.rejected.get('confirmed_purchases.csv')).toHaveLength(ROWS / 2)
  await beside.end()
})

it('a file that cannot be used is the fault of the file, not ours', async () => {
  const files = await inputs()
  rmSync(join(folder, 'sessions.csv'))
  const beside = readOthersBeside(files, parts().own)
  const failure = await beside.wait().catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(InputError)
  expect(String(failure)).toContain('sessions.csv')
  await beside.end()
})

it('a thread that is not needed any more ends', async () => {
  const beside = readOthersBeside(await inputs(), parts().own)
  await beside.end()
  await expect(beside.wait()).rejects.toThrow('the reading thread ended')
})
