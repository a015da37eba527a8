import type { RequestLimits, SinkRecord } from './sink.ts'

/** How many of the first records fit into one request; at least one. */
export function packed(records: readonly SinkRecord[], limits: RequestLimits): number {
  let bytes = 0
  let count = 0
  for (const { bytes: record } of records) {
    bytes += limits.sizeOf(record.length)
    if (count === limits.records || (count > 0 && bytes > limits.bytes)) break
    count += 1
  }
  return count
}
