/** Of one request to Firehose. */
export const REQUEST_RECORDS_MAX = 500
export const REQUEST_BYTES_MAX = 4 * 1_024 * 1_024

/** The name of the stream and the frame around the records. */
const FRAME_BYTES = 1_024
/** `{"Data":""},` around each. */
const RECORD_FRAME_BYTES = 12

/**
 * How many of the first records fit into one request; at least one. The service does not say whether it
 * counts the bytes of the records or those of the request, in base64: the larger number is kept small.
 */
export function packed(records: readonly Uint8Array[]): number {
  let bytes = FRAME_BYTES
  let count = 0
  for (const { length } of records) {
    bytes += Math.ceil(length / 3) * 4 + RECORD_FRAME_BYTES
    if (count === REQUEST_RECORDS_MAX || (count > 0 && bytes > REQUEST_BYTES_MAX)) break
    count += 1
  }
  return count
}
