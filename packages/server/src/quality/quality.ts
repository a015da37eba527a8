// Raw to enriched, or rejected with the reason: the one place where events are put right. Rules are
// data; judging is a total function of the log, so a rebuild gives the same rows. Later stages read
// the batches that it writes, and nothing else of an event.
export { type ArrivedMinute, type ArrivedRange, arrivedMinutes } from './arrived-minutes.ts'
export { type Country, countryNamed, countryOf, UNKNOWN } from './countries.ts'
export {
  createQuality,
  type QualityParts,
  type QualitySettings,
  REPLAY_EVENT_TYPE,
} from './create-quality.ts'
export { type Enriched, enrich, type Init, type InitOf } from './enrich.ts'
export {
  createEnrichedPages,
  type EnrichedPage,
  type EnrichedPages,
  type EnrichedText,
  nextEnriched,
  parseEnriched,
} from './enriched-batches.ts'
export type { ActivePlayer, EnrichedEvent, EnrichedPurchase } from './enriched-event.ts'
export { fixedRecord, judgeReplay } from './judge-replay.ts'
export { createLogPages } from './log-pages.ts'
export { createPlayerInits, type PlayerInits } from './player-inits.ts'
export {
  findRejected,
  keepRejectedRows,
  listRejected,
  markReplayed,
  type NewRejected,
  type RejectedEvent,
  type RejectedWithBytes,
  rejectedBetween,
  sweepRejected,
} from './rejected.ts'
export { type Apply, compileRules, isFields, REASONS, RULES, type Rule } from './rules.ts'
export { parseRules, RulesError } from './rules-file.ts'
