// What the processes on one PostgreSQL tell each other: how many of them serve, and who failed to log
// in at any of them. Only failures and a beat every few seconds are written; nothing of a request that
// succeeds is.
export { createLiveNodes, type LiveNodes } from './live-nodes.ts'
export { createSharedFailures, type Failures, type SharedFailures } from './shared-failures.ts'
