// Runs of the reports: each has a folder of its own, written as a whole or not at all, and the newest
// good one is published beside them. Whatever is killed when: what can be read is one run's, and a
// set that was half replaced is recognised by the hashes in run.json and repaired at the next start.
// One run at a time per folder, over all processes. What computes is passed in.
export {
  createPipeline,
  type EndedRun,
  type Pipeline,
  type PipelineSettings,
} from './child-run.ts'
export { listRuns, newestGoodRun, type OpenReport, openReport } from './read-runs.ts'
export * from './run-summary.ts'
export { isClaimed } from './runs-lock.ts'
export { settleRuns } from './settle-runs.ts'
export { type Run, type RunParts, type RunSettings, startRun } from './start-run.ts'
export { D1_REASONS, summaryText } from './summary-text.ts'
