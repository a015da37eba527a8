import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ComputeParts,
  createCompute,
  type Progress,
  type RunSummary,
} from '../../packages/server/src/reports/reports.ts'
import type { InputFiles, Parameters } from './recomputation/recomputation.ts'

export type ProductRun = {
  readonly files: Readonly<Record<string, string>>
  readonly summary: RunSummary
}

const SILENT: Progress = { stage: () => undefined, written: () => undefined }

/**
 * Computes the reports of these files as a run does, in folders of its own, with 512 MB.
 * @param memory bytes that the process seems to hold
 * @param spilledParts rows are spilled into so many parts
 */
export async function runProduct(
  input: InputFiles,
  parameters: Parameters,
  { memory = () => 0, spilledParts }: Partial<Pick<ComputeParts, 'memory' | 'spilledParts'>> = {},
): Promise<ProductRun> {
  const root = mkdtempSync(join(tmpdir(), 'questline-reports-'))
  const folder = (name: string): string => join(root, name)
  try {
    for (const name of ['data', 'scratch', 'target']) mkdirSync(folder(name))
    const purchases = parameters.purchasesFile ?? 'purchases_raw.csv'
    writeFileSync(join(folder('data'), purchases), input.purchases)
    writeFileSync(join(folder('data'), 'confirmed_purchases.csv'), input.confirmations)
    writeFileSync(join(folder('data'), 'costs_daily.csv'), input.costs)
    writeFileSync(join(folder('data'), 'sessions.csv'), input.sessions)
    const { date, badReceiptPattern, junkReceiptRows } = parameters
    const compute = createCompute({ monotonic: () => 0, memory, junkReceiptRows, spilledParts })
    const summary = await compute(
      {
        ...{ data: folder('data'), scratch: folder('scratch'), target: folder('target') },
        ...(date === undefined ? {} : { date }),
        inputZone: parameters.inputZone ?? 'UTC',
        ...(badReceiptPattern === undefined ? {} : { badReceiptPattern }),
        ...{ memoryLimitMb: 512, threads: 2, now: Date.parse(`${parameters.today}T09:00:00Z`) },
      },
      SILENT,
    )
    const names = readdirSync(folder('target'))
    const files = names.map((name) => [name, readFileSync(join(folder('target'), name), 'utf8')])
    return { files: Object.fromEntries(files), summary }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
