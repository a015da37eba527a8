import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { RunError } from '../runs/runs.ts'

/**
 * Where a record lies: from byte `at` on, a multiple of 8, in memory that is used again for others. Its
 * first four bytes are its length.
 */
export type Slot = {
  at: number
  bytes: Uint8Array
  ints: Int32Array
  doubles: Float64Array
}

/** Records of several streams in one file, of which a page each is in memory. */
export type SpillFile = {
  /** Room for one more record of a stream, of so many bytes; it is to be filled at once. */
  put(stream: number, bytes: number): Slot
  /** No more records come in this stream. */
  end(stream: number): void
  /** The records of a stream that has ended, in their order. */
  read(stream: number): SpillReader
  /** Frees its room on the disk. */
  close(): void
}

export type SpillReader = {
  /** The record that was read last. */
  readonly slot: Slot
  /** Whether there was one more. */
  next(): boolean
}

/** There are some hundred at once. */
const PAGE_BYTES = 1 << 15

type Stream = { page: Slot | null; readonly starts: number[]; readonly lengths: number[] }

/**
 * The file has no name as soon as it is open: whatever ends the process, its room is free again.
 * @param path of no file yet
 * @throws RunError where the disk is full
 */
export function createSpillFile(path: string, streamCount: number): SpillFile {
  const file = openSync(path, 'w+')
  rmSync(path)
  const streams = Array.from(
    { length: streamCount },
    (): Stream => ({ page: null, starts: [], lengths: [] }),
  )
  const free: Slot[] = []
  let written = 0
  const streamOf = (index: number): Stream => {
    const stream = streams[index]
    if (stream === undefined) throw new RangeError(`there is no stream ${index}`)
    return stream
  }
  const flush = (stream: Stream): void => {
    const { page } = stream
    if (page === null) return
    writeAll(file, page.bytes, page.at, written)
    stream.starts.push(written)
    stream.lengths.push(page.at)
    written += page.at
    stream.page = null
    page.at = 0
    // One that was made for a single large record is not kept.
    if (page.bytes.length === PAGE_BYTES) free.push(page)
  }
  // A page says in `at` how much of it is used: whoever fills a record gets a slot of its own.
  const slot: Slot = createPage(0)
  return {
    put(index, bytes) {
      const stream = streamOf(index)
      const length = (bytes + 7) & ~7
      if (stream.page !== null && stream.page.at + length > stream.page.bytes.length) flush(stream)
      stream.page ??=
        (length > PAGE_BYTES ? undefined : free.pop()) ?? createPage(Math.max(length, PAGE_BYTES))
      const { page } = stream
      slot.at = page.at
      slot.bytes = page.bytes
      slot.ints = page.ints
      slot.doubles = page.doubles
      slot.ints[slot.at >> 2] = length
      page.at += length
      return slot
    },
    end: (index) => flush(streamOf(index)),
    read: (index) => createReader(file, streamOf(index)),
    close: () => closeSync(file),
  }
}

function createPage(bytes: number): Slot {
  const memory = new ArrayBuffer(bytes)
  const [ints, doubles] = [new Int32Array(memory), new Float64Array(memory)]
  return { at: 0, bytes: new Uint8Array(memory), ints, doubles }
}

function writeAll(file: number, bytes: Uint8Array, length: number, position: number): void {
  try {
    for (let from = 0; from < length; ) {
      from += writeSync(file, bytes, from, length - from, position + from)
    }
  } catch (error) {
    throw new RunError(
      'fault',
      `rows that do not fit into memory cannot be spilled to the folder of the reports: ${reasonOf(error)}; ` +
        'give it about twice the room of the input, or set REPORTS_MEMORY_MB higher',
      { cause: error },
    )
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

function createReader(file: number, { starts, lengths }: Stream): SpillReader {
  const slot = createPage(0)
  let next = 0
  let end = 0
  const readPage = (): boolean => {
    const length = lengths[next]
    if (length === undefined) return false
    if (length > slot.bytes.length) Object.assign(slot, createPage(Math.max(length, PAGE_BYTES)))
    readAll(file, slot.bytes, length, starts[next] as number)
    next += 1
    slot.at = 0
    end = length
    return true
  }
  return {
    slot,
    next() {
      if (slot.at < end) slot.at += slot.ints[slot.at >> 2] as number
      return slot.at < end || readPage()
    },
  }
}

function readAll(file: number, bytes: Uint8Array, length: number, position: number): void {
  for (let from = 0; from < length; ) {
    const read = readSync(file, bytes, from, length - from, position + from)
    if (read === 0) throw new Error('what was spilled is not there')
    from += read
  }
}
