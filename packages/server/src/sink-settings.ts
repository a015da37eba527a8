import { join, resolve } from 'node:path'
import type { Reader } from './config-reader.ts'

const DAY_MS = 86_400_000

export type LakeConfig = ReturnType<typeof readLakeSettings>
export type ForwardConfig = ReturnType<typeof readForwardSettings>

export function readLakeSettings(read: Reader, dataDir: string) {
  const keepDays = read.integer('LAKE_KEEP_DAYS', 0, 0, 36_500)
  // Our SDK keeps an event for 30 days, and what it sends then must still be known.
  const logKeepDays = read.integer('LOG_KEEP_DAYS', 35, 31, 36_500)
  if (keepDays > 0 && keepDays <= logKeepDays) {
    read.fault('LAKE_KEEP_DAYS', `is not longer than LOG_KEEP_DAYS, which is ${logKeepDays}`)
  }
  return {
    folder: resolve(read.text('LAKE_DIR') ?? join(dataDir, 'lake')),
    batchMs: read.integer('LAKE_BATCH_SEC', 60, 1, 86_400) * 1_000,
    batchEvents: read.integer('LAKE_BATCH_EVENTS', 200_000, 1_000, 100_000_000),
    memoryLimitMb: read.integer('LAKE_MEMORY_MB', 512, 128, 1_048_576),
    keptMs: keepDays === 0 ? null : keepDays * DAY_MS,
    logKeptMs: logKeepDays * DAY_MS,
  }
}

/** Longer than any answer of the service takes; after it the request may have worked or not. */
const REQUEST_TIMEOUT_MS = 10_000

export function readForwardSettings(read: Reader) {
  const isMock = read.onOff('MOCK_FIREHOSE', false)
  const stream = read.text('FIREHOSE_STREAM_NAME')
  const region = read.text('AWS_REGION')
  const endpoint = read.text('FIREHOSE_ENDPOINT')
  if (endpoint !== undefined && !URL.canParse(endpoint)) {
    read.fault('FIREHOSE_ENDPOINT', `"${endpoint}" is not a URL`)
  }
  if (isMock) return { kind: 'mock' as const, stream: stream ?? 'game-events' }
  if (stream === undefined) return { kind: 'off' as const }
  if (region === undefined) read.fault('AWS_REGION', 'is needed when FIREHOSE_STREAM_NAME is set')
  return {
    kind: 'firehose' as const,
    stream,
    region: region ?? '',
    ...(endpoint === undefined ? {} : { endpoint }),
    timeoutMs: REQUEST_TIMEOUT_MS,
  }
}
