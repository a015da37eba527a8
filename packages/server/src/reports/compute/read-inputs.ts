import type { InputZone } from '../cells/cells.ts'
import { createConfirmations, createPurchases, type PurchaseNames } from '../clean/clean.ts'
import type { Engine } from '../engine/engine.ts'
import {
  type ConfirmationFindings,
  type CostFindings,
  inspectConfirmations,
  inspectCosts,
  inspectPurchases,
  inspectSessions,
  type PurchaseFindings,
  type SessionFindings,
} from '../inspect/inspect.ts'
import type { RejectedRows } from '../rejected/rejected.ts'
import type { ComputeRequest } from '../runs/runs.ts'
import { type Inputs, type Inspected, inspectInput } from './inputs.ts'
import type { Stages } from './stages.ts'

/** Two statements at a time. */
export type Lanes = readonly [Engine, Engine]

export type ReadParts = {
  readonly lanes: Lanes
  readonly scratch: string
  readonly zone: InputZone
  readonly badReceipt: RegExp | null
  readonly rejected: RejectedRows
  readonly describeRejected: ComputeRequest['describeRejected']
  readonly stages: Stages
}

export type ReadInputs = {
  readonly purchases: Inspected<PurchaseFindings>
  readonly confirmations: Inspected<ConfirmationFindings>
  readonly costs: Inspected<CostFindings>
  readonly sessions: Inspected<SessionFindings>
}

export type ReadTables = ReadInputs & {
  readonly names: PurchaseNames
}

/**
 * Inspects all files, and reads purchases and confirmations into their tables: the engine reads
 * files while others are inspected.
 */
export async function readInputs(inputs: Inputs, parts: ReadParts): Promise<ReadTables> {
  const { lanes, stages } = parts
  const [first, second] = lanes
  const settings = { ...parts, onProgress: stages.at }
  stages.begin('reading purchases')
  const purchases = await inspectInput(inputs.purchases, inspectPurchases, settings)
  const { columns: purchaseColumns } = inputs.purchases
  const readingPurchases = settled(
    createPurchases(first, purchases.file, purchaseColumns, purchases.found),
  )
  stages.begin('reading confirmations')
  const confirmations = await inspectInput(inputs.confirmations, inspectConfirmations, settings)
  const { columns } = inputs.confirmations
  const readingConfirmations = settled(
    createConfirmations(second, confirmations.file, columns, confirmations.found),
  )
  stages.begin('reading costs and sessions')
  const costs = await inspectInput(inputs.costs, inspectCosts, settings)
  const sessions = await inspectInput(inputs.sessions, inspectSessions, settings)
  const names = await readingPurchases()
  await readingConfirmations()
  return { purchases, confirmations, costs, sessions, names }
}

/** Work that goes on beside other work: its failure waits until somebody asks. */
export function settled<T>(work: Promise<T>): () => Promise<T> {
  work.catch(() => undefined)
  return () => work
}
