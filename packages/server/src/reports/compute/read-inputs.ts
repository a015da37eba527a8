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
import { type Inputs, type Inspected, inspectInput } from './inputs.ts'
import type { Stages } from './stages.ts'

export type ReadParts = {
  readonly engine: Engine
  readonly scratch: string
  readonly zone: InputZone
  readonly badReceipt: RegExp | null
  readonly rejected: RejectedRows
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
 * Inspects all files, and reads purchases and confirmations into their tables: the engine reads a
 * file while the next one is inspected.
 */
export async function readInputs(inputs: Inputs, parts: ReadParts): Promise<ReadTables> {
  const { engine, stages } = parts
  const settings = { ...parts, onProgress: stages.at }
  stages.begin('reading purchases')
  const purchases = await inspectInput(inputs.purchases, inspectPurchases, settings)
  const { columns: purchaseColumns } = inputs.purchases
  const readingPurchases = settled(
    createPurchases(engine, purchases.file, purchaseColumns, purchases.found),
  )
  const confirmations = await inspectInput(inputs.confirmations, inspectConfirmations, settings)
  const names = await readingPurchases()
  stages.begin('reading confirmations')
  const { columns } = inputs.confirmations
  const readingConfirmations = settled(
    createConfirmations(engine, confirmations.file, columns, confirmations.found),
  )
  const costs = await inspectInput(inputs.costs, inspectCosts, settings)
  const sessions = await inspectInput(inputs.sessions, inspectSessions, settings)
  await readingConfirmations()
  return { purchases, confirmations, costs, sessions, names }
}

/** Work that goes on beside other work: its failure waits until somebody asks. */
export function settled<T>(work: Promise<T>): () => Promise<T> {
  work.catch(() => undefined)
  return () => work
}
