import { type Header, openCsv } from './header.ts'
import type { RecordIndex } from './record-index.ts'
import { isBlank, unreadableReason } from './unreadable.ts'
import { type Visit, walkFile, windowFor } from './walk-file.ts'

/** A readable record as it stands in the file: without its line end, quotes and all. */
export type RecordText = {
  readonly ordinal: number
  /** The line of the original where it starts, from 1. */
  readonly line: number
  readonly raw: string
}

export type ReadableRecords = {
  readonly path: string
  readonly header: Header
  readonly index: RecordIndex
  readonly byLine: boolean
  readonly recordBytesMax: number
  readonly fileBytes: number
  readonly signal?: AbortSignal | undefined
}

/** A thousand records of a usual file, so that a jump reads little more than it needs. */
const CHUNK_BYTES = 131_072
/** A wanted record that is farther away is jumped to through the index. */
const JUMP_RECORDS = 2_000

/** Reads the text of readable records by their strictly ascending ordinals, a batch per chunk. */
export async function* readRecordsAt(
  from: ReadableRecords,
  ordinals: ArrayLike<number>,
): AsyncGenerator<readonly RecordText[]> {
  if (ordinals.length === 0) return
  const file = await openCsv(from.path)
  const { recordBytesMax, fileBytes } = from
  const sizes = { chunkBytes: CHUNK_BYTES, recordBytesMax, fileBytes }
  const settings = {
    ...sizes,
    window: windowFor(sizes),
    signal: from.signal,
    columns: from.header.cells.length,
    grammar: { delimiter: from.header.delimiter.charCodeAt(0), byLine: from.byLine },
  }
  try {
    for (let next = 0; next < ordinals.length; ) {
      const wanted = ordinals[next] as number
      const near = from.index.before(wanted)
      const batch: RecordText[] = []
      const visit = matching(from, near.ordinal, batch, ordinals, next)
      for await (const _ of walkFile(file, near.place, settings, visit)) {
        if (batch.length === 0) continue
        next += batch.length
        yield batch.splice(0)
      }
      if (ordinals[next] === wanted) throw new Error(`${from.path} has lost its record ${wanted}`)
    }
  } finally {
    await file.close()
  }
}

/** Puts the wanted ones of the readable records from `first` on into the batch. */
function matching(
  { header, recordBytesMax: bytes, index }: ReadableRecords,
  first: number,
  batch: RecordText[],
  ordinals: ArrayLike<number>,
  from: number,
): Visit {
  const cells = header.cells.length
  let ordinal = first
  let next = from
  return (record, chunk) => {
    if (isBlank(record, chunk.bytes)) return true
    if (unreadableReason(record, chunk.bytes, { cells, bytes, sound: chunk.sound })) return true
    if (ordinal === ordinals[next]) {
      const raw = chunk.bytes.toString('utf8', record.start, record.stop)
      batch.push({ ordinal, line: record.line, raw })
      next += 1
    }
    ordinal += 1
    const wanted = ordinals[next] ?? index.count
    if (wanted < ordinal) throw new RangeError(`the ordinals must ascend: ${wanted} is behind`)
    return next < ordinals.length && wanted - ordinal < JUMP_RECORDS
  }
}
