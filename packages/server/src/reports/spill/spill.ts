// Rows that do not fit into memory: spilled in parts by player, each part ordered and matched as all rows
// are that fit, and what became of them merged again in the one row order. Receipts, which are compared
// over all players, go by parts of their own. The files have no names and are free when the run ends.
export { collectGarbage, garbageCollector } from './collect-garbage.ts'
export { matchPart } from './match-part.ts'
export { type CompareOutcomes, detailOrder, mergeOutcomes, rowOrder } from './merge.ts'
export {
  type MatchedPart,
  type Outcome,
  spillConfirmations,
  spillPurchases,
  TYPE,
  TYPES,
} from './outcomes.ts'
export { inParts } from './print-parts.ts'
export { createReceiptSpill, type ReceiptSpill } from './receipts.ts'
export { createSpillFile, type SpillFile } from './spill-file.ts'
export {
  readSession,
  type SpilledRows,
  spillSales,
  spillSessions,
} from './spilled-rows.ts'
