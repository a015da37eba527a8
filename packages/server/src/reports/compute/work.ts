import { parseDay, readInputZone, UTC } from '../cells/cells.ts'
import type { RecordReader } from '../input/input.ts'
import type { CampaignCost } from '../inspect/inspect.ts'
import type { RejectedRows } from '../rejected/rejected.ts'
import { type ComputeRequest, type Progress, RunError } from '../runs/runs.ts'
import { chooseD1, type D1 } from './d1.ts'
import type { Inputs } from './inputs.ts'
import type { ReadParts } from './read-inputs.ts'
import type { RejectedCounts } from './rejected-counts.ts'
import type { Stages } from './stages.ts'

const DAY_MS = 86_400_000

/** One computation, and what all of it needs. */
export type Work = {
  readonly rejected: RejectedRows
  readonly counts: RejectedCounts
  readonly inputs: Inputs
  readonly request: ComputeRequest
  readonly progress: Progress
  readonly stages: Stages
  readonly junkReceiptRows: number
}

/** Read the records of a file again. */
export type Records = Readonly<Record<'purchases' | 'confirmations', RecordReader>>

export const readParts = ({ request, stages, counts }: Work): ReadParts => ({
  ...meaningOf(request),
  beginRejected: counts.begin,
  onProgress: stages.at,
})

/** What the request says of cells, read. */
function meaningOf({ inputZone, badReceiptPattern }: ComputeRequest) {
  const zone = inputZone === 'UTC' ? UTC : readInputZone(inputZone)
  if (zone === undefined) {
    throw new RunError('input', `the input zone ${inputZone} is no IANA zone and no ±HH:MM`)
  }
  const badReceipt = badReceiptPattern === undefined ? null : new RegExp(badReceiptPattern, 'u')
  return { zone, badReceipt }
}

export const todayOf = ({ now }: Pick<ComputeRequest, 'now'>): number => Math.floor(now / DAY_MS)

/** @param days the newest two with a kept purchase, not after today, the newest first */
export function chooseDay(
  request: Pick<ComputeRequest, 'date' | 'now'>,
  days: readonly number[],
  costs: readonly CampaignCost[],
): D1 {
  const { date } = request
  const asked = date === undefined ? null : (parseDay(date, UTC).day ?? null)
  return chooseD1(asked, todayOf(request), days, costs)
}
