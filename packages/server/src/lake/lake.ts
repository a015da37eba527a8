// Every event for ever, in open files: zstd Parquet below `events-raw` (the log as it came),
// `events-enriched` (what quality let through) and `events-rejected` (what it refused), by UTC day and
// named after their offsets. `manifest.json` lists the files, and every reader follows it: so a crash
// at any moment leaves neither a gap nor an overlap. What the log's table no longer holds is read here.
export { compact, type Merge } from './compact.ts'
export {
  createLakeConsumer,
  LAKE,
  type LakeConsumer,
  type LakeParts,
  type LakeSettings,
  registerLake,
} from './create-lake.ts'
export { createGathering } from './gathering.ts'
export { text } from './literals.ts'
export { LakeError, readManifest, STREAMS, type StreamName, TOPICS } from './manifest.ts'
export type { Plain } from './plain-value.ts'
export { type Answer, query } from './query.ts'
export { createRawPages, type RawPages, type RawSettings } from './raw-pages.ts'
export { type Lake, type ReaderSettings, withLake } from './read-lake.ts'
export { askedOf, askLake } from './requests.ts'
export { type LakeStats, lakeStats, type TopicStats } from './stats.ts'
export { FORMS, viewOf } from './topics.ts'
export { type Trimmed, trimLake } from './trim.ts'
export { type Verification, verifyLake } from './verify.ts'
export {
  beginStreams,
  type StreamRecord,
  type StreamSource,
  type StreamsSettings,
  writeStreams,
} from './write-streams.ts'
