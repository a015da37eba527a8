import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InputSummary } from '../../packages/server/src/reports/reports.ts'
import { RunError } from '../../packages/server/src/reports/reports.ts'
import { aConfirmation, aPurchase, inputFiles } from './input-builders.ts'
import { filesOf, randomInput, reordered, shownInput } from './random-inputs.ts'
import {
  type Balance,
  type InputFiles,
  type OutputFile,
  type Parameters,
  type Recomputed,
  recompute,
  UnusableFile,
} from './recomputation/recomputation.ts'
import { runProduct } from './run-product.ts'

/** More than the usual number, for a long run. */
const INPUTS = Number(process.env['REPORT_INPUTS'] ?? 300)
/** For the time-out of a test: an input takes a tenth of that on two cores that do nothing else. */
const INPUT_MS_MAX = 2_000
const OUTPUTS: readonly OutputFile[] = [
  'purchases_curated.csv',
  'reconciliation.json',
  'roas_d1.json',
  'roas_anomaly.json',
  'arpdau_d1.json',
  'rejected_rows.csv',
]

/** @param spilledParts rows do not stay in memory, but are spilled into so many parts */
async function assertAgreement(
  input: InputFiles,
  parameters: Parameters,
  spilledParts?: number,
): Promise<void> {
  const expected = recompute(input, parameters)
  const { files, summary } = await runProduct(input, parameters, { spilledParts })
  for (const name of OUTPUTS) expect(files[name], name).toBe(expected.files[name])
  expect(summary.inputs.map(fatesOf)).toEqual(expected.balance.map(balanceAsPrinted))
  expect(summary.d1).toEqual({ date: expected.day.day, reason: expected.day.reason })
  expect(summary.reconciliation).toEqual(verdictsOf(expected))
  expect(summary.anomalies).toEqual(severitiesOf(expected))
}

const fatesOf = ({ file, rows_in, kept, duplicates, filtered, rejected }: InputSummary) => ({
  ...{ file, rows_in, kept, duplicates, filtered, rejected },
})

const balanceAsPrinted = (balance: Balance): ReturnType<typeof fatesOf> => ({
  file: balance.file,
  rows_in: balance.rowsIn,
  kept: balance.kept,
  duplicates: balance.duplicates,
  filtered: balance.filteredBy,
  rejected: balance.rejectedBy,
})

function verdictsOf({ details }: Recomputed) {
  const count = (verdict: string): number => details.filter(({ type }) => type === verdict).length
  return {
    matched: count('matched'),
    af_only: count('af_only'),
    confirmed_only: count('confirmed_only'),
  }
}

function severitiesOf({ anomalies }: Recomputed) {
  const count = (wanted: string): number =>
    anomalies.filter(({ severity }) => severity === wanted).length
  return { critical: count('critical'), warning: count('warning') }
}

describe('the product and the recomputation', () => {
  it(
    'write the same bytes for random inputs',
    async () => {
      const property = fc.asyncProperty(randomInput, async (input) => {
        try {
          await assertAgreement(filesOf(input), input.parameters)
        } catch (error) {
          throw new Error(shownInput(input), { cause: error })
        }
      })
      await fc.assert(property, { numRuns: INPUTS })
    },
    INPUTS * INPUT_MS_MAX,
  )

  it(
    'write the same bytes for random inputs of which the rows are spilled',
    async () => {
      const property = fc.asyncProperty(
        randomInput,
        fc.integer({ min: 1, max: 5 }),
        async (input, parts) => {
          try {
            await assertAgreement(filesOf(input), input.parameters, parts)
          } catch (error) {
            throw new Error(shownInput(input), { cause: error })
          }
        },
      )
      await fc.assert(property, { numRuns: INPUTS })
    },
    INPUTS * INPUT_MS_MAX,
  )

  it('order rows alike by ids as they stand in the file, over all parts', async () => {
    // A space comes before every letter, so that cleaned ids are in another order.
    const players = Array.from(
      { length: 26 },
      (_, n) => `${n % 2 ? ' ' : ''}${'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[n]}`,
    )
    const purchases = players.map((appsflyer_id) => aPurchase({ appsflyer_id, receipt_id: '' }))
    const confirmations = players.map((id) =>
      aConfirmation({ appsflyer_id: `${id}x`, receipt_id: '' }),
    )
    const files = inputFiles({ purchases, confirmations })
    for (const parts of [undefined, 5]) await assertAgreement(files, { today: '2026-03-11' }, parts)
  })

  it('write the same bytes for rows in twenty orders', async () => {
    const [input] = fc.sample(randomInput, { numRuns: 1, seed: 4 })
    if (!input) throw new Error('no input')
    for (let round = 0; round < 20; round += 1) {
      const order = Array.from({ length: 31 }, (_, at) => (at * (round + 7)) % 31)
      await assertAgreement(filesOf(reordered(input, order)), input.parameters)
    }
  }, 60_000)

  it('find the same files unusable', async () => {
    for (const sessions of ['', 'user_id\n', 'user_id,date,DATE\n', 'user_id,date,"x\n']) {
      const input = { ...inputFiles(), sessions }
      const parameters = { today: '2026-03-11' }
      expect(() => recompute(input, parameters)).toThrow(UnusableFile)
      const failure = await runProduct(input, parameters).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(RunError)
      expect(failure).toMatchObject({ kind: 'input' })
      expect(String(failure)).toContain('sessions.csv')
    }
  }, 30_000)

  it.each([1_000, 1_001])(
    'take a receipt on %i rows alike',
    async (rows) => {
      const at = (second: number): string =>
        new Date(Date.UTC(2026, 2, 10, 12, 0, second)).toISOString()
      const purchases = Array.from({ length: rows - 1 }, (_, second) =>
        aPurchase({ receipt_id: 'R', event_time_utc: at(second) }),
      )
      const confirmations = [aConfirmation({ receipt_id: 'R', event_time_utc: at(50_000) })]
      const files = inputFiles({ purchases, confirmations })
      for (const parts of [undefined, 3]) {
        await assertAgreement(files, { today: '2026-03-11' }, parts)
      }
    },
    120_000,
  )

  it('reject a line of more than a mebibyte alike', async () => {
    const sessions = `user_id,date\nU1,2026-03-10\n${'U'.repeat(1_048_576)},2026-03-10\nU2,2026-03-10\n`
    await assertAgreement({ ...inputFiles(), sessions }, { today: '2026-03-11' })
  })
})
