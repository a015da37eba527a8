import { type Read, shared } from '../store/store.ts'
import { unpackBatch } from './batch-form.ts'
import { objectsOf } from './split-objects.ts'

const BATCHES_OVER = shared(
  'log.batches-over',
  `SELECT payload FROM event_batches WHERE last_offset >= $1 AND last_offset <= COALESCE(
    (SELECT min(last_offset) FROM event_batches WHERE last_offset >= $2), $2)
  ORDER BY last_offset`,
)

/** The game events from `first` to `last` as they were sent, byte for byte, by their offsets. */
export async function rawEvents(
  read: Read,
  first: number,
  last: number,
): Promise<ReadonlyMap<number, Buffer>> {
  const rows = await read<{ readonly payload: Uint8Array }>(BATCHES_OVER, [first, last])
  const raw = new Map<number, Buffer>()
  for (const { payload } of rows) {
    const bytes = unpackBatch(payload)
    for (const [start, end] of objectsOf(bytes)) {
      const offset = Number(
        /^\{"offset":(\d+)/.exec(bytes.toString('latin1', start, start + 40))?.[1],
      )
      if (offset < first || offset > last) continue
      // The first one at all: within a text each quote would have a backslash before it.
      const at = bytes.indexOf(',"event":', start)
      raw.set(offset, bytes.subarray(at + ',"event":'.length, end - 1))
    }
  }
  return raw
}
