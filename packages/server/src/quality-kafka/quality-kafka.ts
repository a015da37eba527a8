// Quality between processes, with the same rules as in one: `split` makes of each raw event one part
// for each player whom it makes active, in that player's partition; `enrich` gives each part its
// country, platform and dollars there. Every enriched record is a function of its partition's records
// before it, however many replicas work and whichever of them dies; copies are told by (event_id, part).
export { createEnrichStep, type EnrichParts, type EnrichSettings } from './create-enrich.ts'
export { createSplitStep, type SplitParts, type SplitSettings } from './create-split.ts'
export type {
  EnrichedRecord,
  KeptRecord,
  KeptRejected,
  RejectedRecord,
} from './enriched-record.ts'
export { type FollowHooks, follow, PositionMoved, type Step, type Taken } from './follow.ts'
export { ENRICH_GROUP, SPLIT_GROUP } from './groups.ts'
export { heardUntil } from './heard-until.ts'
export { type Lag, lagOf } from './lag.ts'
export type { Stored } from './part.ts'
export { createRawReader } from './read-raw.ts'
export {
  findStreamRejected,
  listStreamRejected,
  markStreamReplayed,
  type StreamRejected,
  type StreamRejectedWithBytes,
} from './rejected-rows.ts'
export { cameBefore, type StoredReplay, storedReplay } from './replays.ts'
export {
  beginCheckpoints,
  moveCheckpoint,
  readCheckpoints,
  readStreamCounts,
  type StreamCount,
} from './stream-rows.ts'
export { sweepStreams } from './sweep.ts'
