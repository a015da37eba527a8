import { expect, it } from 'vitest'
import {
  aConfirmation,
  aPurchase,
  inputFiles,
} from '../../../../../tests/reports/input-builders.ts'
import { runProduct } from '../../../../../tests/reports/run-product.ts'
import { RunError } from '../runs/runs.ts'
import { limitMemory } from './memory-limit.ts'

const MB = 1_048_576

it('a run goes on up to its limit and ends above it, saying which setting to change', () => {
  const shown: unknown[] = []
  let taken = 300 * MB
  const progress = { stage: (...of: unknown[]) => void shown.push(of), written: () => undefined }
  const limited = limitMemory(progress, () => taken, 300)
  limited.stage('reading purchases', 0.1)
  taken += 1
  expect(() => limited.stage('reading purchases', 0.2)).toThrow(RunError)
  expect(() => limited.stage('reading purchases', 0.2)).toThrow(
    /^reading purchases takes more memory than REPORTS_MEMORY_MB allows, which is 300: set it higher/,
  )
  expect(shown).toEqual([['reading purchases', 0.1]])
})

it('a run that takes more memory than it may ends with that line', async () => {
  const parameters = { today: '2026-03-11' }
  await expect(runProduct(inputFiles(), parameters, { memory: () => 513 * MB })).rejects.toThrow(
    'takes more memory than REPORTS_MEMORY_MB allows, which is 512',
  )
  await expect(
    runProduct(inputFiles(), parameters, { memory: () => 511 * MB }),
  ).resolves.toBeDefined()
})

it('rows that took more memory than they looked like are spilled, and the files are the same', async () => {
  const input = inputFiles({ purchases: [aPurchase({})], confirmations: [aConfirmation({})] })
  const parameters = { today: '2026-03-11' }
  let looks = 0
  const memory = (): number => {
    looks += 1
    return looks === 4 ? 513 * MB : 100 * MB
  }
  const { files, summary } = await runProduct(input, parameters, { memory })
  expect(looks).toBeGreaterThan(4)
  expect(Object.keys(summary.durations_ms)).not.toContain('numbering players')
  expect(files).toEqual((await runProduct(input, parameters)).files)
})
