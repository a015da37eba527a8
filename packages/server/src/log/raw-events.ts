import { type Read, shared } from '../store/store.ts'
import { unpackBatch } from './batch-form.ts'

const BATCHES_OVER = shared(
  'log.batches-over',
  `SELECT payload FROM event_batches WHERE last_offset >= $1 AND first_offset <= $2
  ORDER BY last_offset`,
)

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d

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

/** Where each object of the outermost level begins and ends. */
function* objectsOf(bytes: Buffer): Generator<readonly [start: number, end: number]> {
  let depth = 0
  let start = 0
  let isText = false
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]
    if (isText) {
      if (byte === BACKSLASH) i += 1
      else if (byte === QUOTE) isText = false
    } else if (byte === QUOTE) isText = true
    else if (byte === OPEN) {
      if (depth === 0) start = i
      depth += 1
    } else if (byte === CLOSE) {
      depth -= 1
      if (depth === 0) yield [start, i + 1]
    }
  }
}
