// Accepted game events on their way to a warehouse, read from the log or from Kafka, in their order: the
// checkpoint moves only past what is there for good. Through Amazon Firehose each at least once, where
// `event_id` tells the copies apart; through Snowpipe Streaming each exactly once, since the position is
// committed with the rows. The AWS SDK is loaded when it is switched on and not before; the mock prints.
export { BACKLOG_ALARM_MS, type Backlog, backlogOf } from './backlog.ts'
export { createForwardConsumer, FORWARD, type ForwardParts } from './create-forward.ts'
export { createFirehose, FIREHOSE_LIMITS, type FirehoseSettings } from './firehose.ts'
export { createForwardStep, FORWARD_GROUP, type ForwardStepParts } from './forward-kafka.ts'
export { createMock } from './mock.ts'
export { type ForwardRow, RECORD_BYTES_MAX, recordOf } from './record.ts'
export { type RequestLimits, Rewound, type Sink, SinkFailure, type SinkRecord } from './sink.ts'
export { createSnowflake, type SnowflakeSettings } from './snowflake.ts'
export { fingerprintOf, type KeyPairLogin, keyPairToken } from './snowflake-jwt.ts'
