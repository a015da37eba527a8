// One computation of all reports: files in, reports out.
import { InputError } from '../input/input.ts'
import { JUNK_RECEIPT_ROWS } from '../reconciliation/reconciliation.ts'
import { createRejectedRows } from '../rejected/rejected.ts'
import { type Compute, RunError, type RunSummary } from '../runs/runs.ts'
import { computeInMemory } from './in-memory.ts'
import { bytesOf, findInputs } from './inputs.ts'
import { limitMemory, MemoryExceeded } from './memory-limit.ts'
import { planMemory, planSpilled } from './memory-plan.ts'
import { countRejected } from './rejected-counts.ts'
import { createStages } from './stages.ts'
import type { Work } from './work.ts'

export type ComputeParts = {
  /** Milliseconds since some start, for the durations of the stages. */
  monotonic(): number
  /** Bytes that this process holds. */
  memory(): number
  /** Called before any row is read, with the bytes of all four files. */
  onInputs?(bytes: number): void
  /** A receipt on more rows of one player is junk; tests set a limit that small inputs reach. */
  readonly junkReceiptRows?: number | undefined
  /** Rows are spilled into so many parts, however few they are; for tests. */
  readonly spilledParts?: number | undefined
}

/** Computes all reports: in memory where they fit, else by parts of which one is there at a time. */
export const createCompute =
  (parts: ComputeParts): Compute =>
  async (request, shown) => {
    const { monotonic, memory, junkReceiptRows = JUNK_RECEIPT_ROWS } = parts
    const progress = limitMemory(shown, memory, request.memoryLimitMb)
    try {
      const inputs = await findInputs(request.data)
      parts.onInputs?.(bytesOf(inputs))
      const rejected = createRejectedRows(request.scratch)
      try {
        const stages = createStages(progress, monotonic)
        const counts = countRejected(rejected, request)
        const work = { rejected, counts, inputs, request, progress, stages, junkReceiptRows }
        return await computeWithin(work, parts.spilledParts ?? planMemory(inputs, request))
      } finally {
        rejected.close()
      }
    } catch (error) {
      throw error instanceof InputError
        ? new RunError('input', error.message, { cause: error })
        : error
    }
  }

/** @param parts how many to make of the rows; 0 to try to leave them in memory */
async function computeWithin(work: Work, parts: number): Promise<RunSummary> {
  if (parts > 0) return spill(work, parts)
  try {
    return await computeInMemory(work)
  } catch (error) {
    if (!(error instanceof MemoryExceeded)) throw error
  }
  // The first rows of a file told nothing of the others. Both ways write the same bytes, so that what is
  // written already does no harm.
  work.stages.restart()
  return spill(work, planSpilled(work.inputs, work.request))
}

/** Most runs need none of it. */
async function spill(work: Work, parts: number): Promise<RunSummary> {
  const { computeSpilled } = await import('./spilled.ts')
  return computeSpilled(work, parts)
}
