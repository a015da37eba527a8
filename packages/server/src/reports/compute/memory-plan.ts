import { type ComputeRequest, RunError } from '../runs/runs.ts'
import type { Input, Inputs } from './inputs.ts'

const MB = 1_048_576

/** What a run holds beside its rows: Node, our code and what both leave behind. */
const BASE_MB = 120
/** Of a purchase or confirmation beside its texts, which are about a quarter of its line. */
const ROW_BYTES = 95
const SESSION_BYTES = 20

/** A part takes twice as much while it is matched, and the one before it may not be collected yet. */
const PART_SHARE = 0.2
const PARTS_MIN = 4
const PARTS_MAX = 256

type Limits = Pick<ComputeRequest, 'memoryLimitMb'>

/** So many parts are to be made of the rows, that they fit into memory one by one; 0 where all fit at once. */
export function planMemory(inputs: Inputs, limits: Limits): number {
  const allowed = (limits.memoryLimitMb - BASE_MB) * MB
  return rowBytes(inputs) <= allowed ? 0 : planSpilled(inputs, limits)
}

/** The same where they did not fit, whatever they looked like. */
export function planSpilled(inputs: Inputs, { memoryLimitMb }: Limits): number {
  const room = Math.max(1, memoryLimitMb - BASE_MB) * MB * PART_SHARE
  return Math.min(PARTS_MAX, Math.max(PARTS_MIN, Math.ceil(rowBytes(inputs) / room)))
}

const rowBytes = ({ purchases, confirmations, sessions }: Inputs): number =>
  saleBytes(purchases) + saleBytes(confirmations) + sessions.rows * SESSION_BYTES

const saleBytes = ({ rows, bytes }: Input<unknown>): number => rows * ROW_BYTES + bytes / 4

/** Of a row that is matched, its texts and what is needed for it on the way. */
const MATCHED_ROW_BYTES = 300

/**
 * Players cannot be cut: those of a part have to fit into memory together.
 * @param rows of each part, purchases and confirmations
 * @throws RunError of kind `input`, before the work
 */
export function assertPartsFit(rows: readonly number[], { memoryLimitMb }: Limits): void {
  const most = rows.reduce((max, count) => Math.max(max, count), 0)
  const neededMb = BASE_MB + Math.ceil((most * MATCHED_ROW_BYTES) / MB)
  if (neededMb <= memoryLimitMb) return
  throw new RunError(
    'input',
    `one player, or a few, have ${most} rows, which need some ${neededMb} MB at once: ` +
      `set REPORTS_MEMORY_MB to as much, it is ${memoryLimitMb}`,
  )
}
