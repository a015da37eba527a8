// The second database: everything that is computed from the log and can be computed again. A file,
// `analytics.db`, or a schema of PostgreSQL that many nodes share.
// It promises that a consumer's effect and its checkpoint are one transaction, so each offset counts
// once however often a process dies, and that deleting all of it and starting again gives the same rows.

// A consumer (quality, windows, lake, forward) is an object of type `Consumer`: `next(after, events)`
// reads what follows an offset, `apply(tx, batch)` writes its effect, `forget()` drops what it keeps in
// memory. `createStage` makes a stage of it, which keeps its checkpoint and its lease: `register` all
// before any is run, or what one has not seen may be dropped; `runStage` follows the log, `catchUp`
// brings stages to an offset once. Nobody else moves a checkpoint. consumers.ts lists them all.
export {
  type Batch,
  type Consumer,
  checkpointOf,
  consumersOf,
  holdCheckpoint,
  lowerCheckpoint,
  renewGeneration,
  retire,
} from './checkpoints.ts'
export { createLeases, type Lease, type Leases } from './lease.ts'
export { type AnalyticsPlace, analyticsFile, openAnalytics } from './open-analytics.ts'
export { type LeasesParts, openLeases } from './open-leases.ts'
export { catchUp, type Follow, runStage } from './run-stage.ts'
export { createStage, type Stage, type StageParts } from './stage.ts'
export {
  ANALYTICS_STATEMENTS,
  batchOnAnalytics,
  findOnAnalytics,
  insertOnAnalytics,
  onAnalytics,
} from './statement.ts'
