// The append-only event log: what happened, in the order of its offsets, which have no gaps.
// Everything that counts or reports is computed from it and can be computed again.
export type { StoredEvent } from './batch-form.ts'
export { createLog, type Log } from './create-log.ts'
export { type EventIdOf, expireBatch, type StoredBatch, storedBatches } from './expire-batches.ts'
export type {
  Delivery,
  NewGameEvent,
  Outcome,
  RefusedEvent,
  Transaction,
} from './game-event.ts'
export { addCounts, findImport, type ImportCounts, type ImportProgress } from './imports.ts'
export type { LogPage, LogRecord } from './log-record.ts'
export { type LogText, logTexts } from './log-texts.ts'
export { receivedAfter } from './oldest-unseen.ts'
export type { EventFilter, EventPage, EventRow, StatsPage } from './queries.ts'
export { rawEvents } from './raw-events.ts'
export {
  ExpiredOffsetsError,
  endOfPage,
  type GameEvent,
  gameEvents,
  newestOffset,
  type ReadLogSettings,
  readLog,
  recordOfStored,
} from './read-log.ts'
export {
  type Arrivals,
  arrivedApps,
  findRefused,
  listRefused,
  markRefusedReplayed,
  type RefusedRow,
  type RefusedWithBytes,
  readArrivals,
} from './read-refused.ts'
export type { NewEvent, Recorded } from './record.ts'
export { type NewGameEvents, RECORD_GAME_EVENTS, storedText } from './record-game-events.ts'
export { sweepRefused } from './refused.ts'
export { splitObjects } from './split-objects.ts'
export { type UnloggedNumber, unloggedNumbers } from './unlogged-numbers.ts'
