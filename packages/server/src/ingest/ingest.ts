// A batch of events in, one verdict per event out. Accepted means on disk: dedupe, log and counters
// are one commit. A bad event is a value, never an exception, and never spoils its batch.
export type { Monotonic } from './clock.ts'
export {
  type Arrival,
  createIngest,
  type Ingest,
  type IngestParts,
  type RecordEvents,
} from './create-ingest.ts'
export { directText } from './direct-text.ts'
export {
  type ImportParts,
  type ImportRequest,
  type ImportResult,
  importEvents,
} from './import-events.ts'
export { transactionOf } from './judge.ts'
export { createLineJudge, type JudgedLine } from './judge-line.ts'
export { UnreadableFileError } from './read-lines.ts'
export { recordOnKafka } from './record-on-kafka.ts'
export { uuidOfNames } from './uuid.ts'
