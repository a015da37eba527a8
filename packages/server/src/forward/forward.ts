// Accepted game events on their way to Amazon Firehose, in the order of the log, each at least once:
// the checkpoint moves only past what was acknowledged. `event_id` tells the copies apart. The AWS SDK
// is loaded when it is switched on and not before; the mock prints what it would send.
export { BACKLOG_ALARM_MS, type Backlog, backlogOf } from './backlog.ts'
export { createForwardConsumer, FORWARD, type ForwardParts } from './create-forward.ts'
export { createFirehose, type FirehoseSettings } from './firehose.ts'
export { createMock } from './mock.ts'
export { REQUEST_BYTES_MAX, REQUEST_RECORDS_MAX } from './pack.ts'
export { type ForwardRow, RECORD_BYTES_MAX, recordOf } from './record.ts'
export { type Sink, SinkFailure } from './sink.ts'
