import { join } from 'node:path'
import { countSessions, type SessionCounts } from '../arpdau/arpdau.ts'
import {
  type CostFindings,
  createSessionRows,
  type Fates,
  inspectCosts,
  judgeConfirmations,
  judgePurchases,
  judgeSessions,
  type PurchaseFates,
} from '../inspect/inspect.ts'
import {
  createReceiptSpill,
  createSpillFile,
  garbageCollector,
  type ReceiptSpill,
  readSession,
  type SpilledRows,
  type SpillFile,
  spillSales,
  spillSessions,
} from '../spill/spill.ts'
import { type Inspected, inspectInput } from './inputs.ts'
import { readParts, type Work } from './work.ts'

/** All files, read; their rows are on the disk. */
export type SpilledInputs = {
  readonly purchases: Inspected<
    PurchaseFates & { readonly spilled: SpilledRows; readonly receipts: ReceiptSpill }
  >
  readonly confirmations: Inspected<Fates & { readonly spilled: SpilledRows }>
  readonly costs: Inspected<CostFindings>
  readonly sessions: Inspected<Fates & { readonly counts: SessionCounts }>
}

/** The files of one run to which it spills. */
export type Scratch = {
  readonly parts: number
  /** In the place of the one that had this name before: a file is begun again where a quote in it is not closed. */
  open(name: string, streams?: number): SpillFile
  /** Frees what is not needed any more. */
  end(...names: readonly string[]): void
  close(): void
}

export function openScratch(folder: string, parts: number): Scratch {
  const files = new Map<string, SpillFile>()
  const end = (name: string): void => {
    files.get(name)?.close()
    files.delete(name)
  }
  return {
    parts,
    open(name, streams = parts) {
      end(name)
      const file = createSpillFile(join(folder, name), streams)
      files.set(name, file)
      return file
    },
    end: (...names) => names.forEach(end),
    close: () => [...files.keys()].forEach(end),
  }
}

export async function readSpilled(work: Work, scratch: Scratch): Promise<SpilledInputs> {
  const { inputs, stages } = work
  const parts = readParts(work)
  stages.begin('reading purchases')
  const purchases = await readPurchases(work, scratch)
  stages.begin('reading confirmations, costs and sessions')
  const confirmations = await inspectInput(
    inputs.confirmations,
    (at, settings) => {
      const spill = spillSales(scratch.open('confirmations'), scratch.parts)
      const { record, finish } = judgeConfirmations(at, settings, spill)
      return { record, finish: () => ({ ...finish(), spilled: spill.end() }) }
    },
    parts,
  )
  const costs = await inspectInput(inputs.costs, inspectCosts, parts)
  const sessions = await inspectInput(
    inputs.sessions,
    (at, settings) => {
      const spill = spillSessions(scratch.open('sessions'), scratch.parts)
      const { record, finish } = judgeSessions(at, settings, spill)
      return { record, finish: () => ({ ...finish(), counts: countParts(spill.end()) }) }
    },
    parts,
  )
  scratch.end('sessions')
  return { purchases, confirmations, costs, sessions }
}

function readPurchases(work: Work, scratch: Scratch): Promise<SpilledInputs['purchases']> {
  return inspectInput(
    work.inputs.purchases,
    (at, settings) => {
      const spill = spillSales(scratch.open('purchases'), scratch.parts)
      const receipts = createReceiptSpill(scratch.open('receipts'), scratch.parts)
      const target = { take: spill.take, chargebacks: receipts.chargebacks }
      const { record, finish } = judgePurchases(at, settings, target)
      return { record, finish: () => ({ ...finish(), spilled: spill.end(), receipts }) }
    },
    readParts(work),
  )
}

/** No user is in two parts. */
function countParts({ file, rows }: SpilledRows): SessionCounts {
  const users = new Map<number, number>()
  let kept = 0
  let duplicates = 0
  const collect = garbageCollector()
  for (const [part, count] of rows.entries()) {
    const sessions = createSessionRows(count)
    const reader = file.read(part)
    while (reader.next()) readSession(reader, sessions)
    const own = countSessions(sessions.read())
    kept += own.kept
    duplicates += own.duplicates
    for (const [day, found] of own.users) users.set(day, (users.get(day) ?? 0) + found)
    collect(count)
  }
  return { kept, duplicates, users }
}
