// The lake where the log goes through Kafka: what quality made of it, and what did not go through the
// books, come from the topics; everything else of the lake is as ever. Promises: each event is in the
// files once, whoever wrote it twice or died meanwhile, and a lake whose files were lost is told.

export { type FollowStreamsParts, followStreams } from './follow-streams.ts'
export { createStreamSource, type StreamSourceSettings } from './stream-source.ts'
