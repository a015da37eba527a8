// The second file, `analytics.db`: everything that is computed from the log and can be computed again.
// It promises that a consumer's effect and its checkpoint are one transaction, so each offset counts
// once however often a process dies, and that deleting the file and starting again gives the same rows.

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
  renewGeneration,
  retire,
} from './checkpoints.ts'
export { createLeases, type Lease, type Leases } from './lease.ts'
export { analyticsFile, openAnalytics } from './open-analytics.ts'
export { catchUp, type Follow, runStage } from './run-stage.ts'
export { createStage, type Stage, type StageParts } from './stage.ts'
export { ANALYTICS_STATEMENTS, local } from './statement.ts'
