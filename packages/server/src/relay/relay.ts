// The way from the log of the books to Kafka: the log table is the outbox, so what was answered is
// written to `events-raw` sooner or later, and nothing else is. Promises: each event at least once,
// never a gap, those of a player first in their order; copies come only after a process has died.
export { type AdoptParts, adoptTopics } from './adopt-topics.ts'
export type { TopicsState } from './compare-topics.ts'
export { createRelay, RELAY, type RelayParts, type RelaySettings } from './create-relay.ts'
