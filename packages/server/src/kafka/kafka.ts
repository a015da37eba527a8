// The log between processes: a port of few methods to Kafka, and what our topics are. What `produce`
// has resolved is on the disks of all brokers that must have it; a reader says itself from where it
// reads and misses nothing, or is told that the brokers no longer have it.
// Contract: kafka.contract.ts runs on a real broker and on the one in memory.
export { connectKafka, type KafkaSettings } from './connect.ts'
export {
  booksHeaders,
  booksOf,
  ENVELOPE,
  HEARTBEAT,
  type Heartbeat,
  headersOf,
  heartbeatAt,
  isOurs,
  keyOf,
} from './envelope.ts'
export {
  type Ends,
  type Fetched,
  type Kafka,
  type KafkaRecord,
  KafkaUnavailable,
  type Limits,
  type Member,
  type NewRecord,
  PositionGone,
  type Positions,
  type Reader,
  type TopicPlan,
  type TopicState,
} from './port.ts'
export { type Difference, type SetupResult, setUpTopics } from './set-up.ts'
export { type KafkaWork, toldKafka } from './told-kafka.ts'
export { TOPICS, type TopicName, type TopicNames, topicNames, topicPlans } from './topics.ts'
