import { createHash, type Hash } from 'node:crypto'
import {
  addCounts,
  findImport,
  type ImportCounts,
  type ImportProgress,
  type NewGameEvents,
  RECORD_GAME_EVENTS,
} from '../log/log.ts'
import type { Store, Writer } from '../store/store.ts'
import { createLineJudge } from './judge-line.ts'
import { readLines } from './read-lines.ts'

export type ImportParts = {
  readonly store: Pick<Store, 'read'>
  readonly writer: Writer
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number
}

export type ImportRequest = {
  readonly file: string
  readonly app: string
  /** Names the file for ever: with another name its events without an id are others. */
  readonly source: string
  /** Of amounts that name none; null for US dollars. */
  readonly currency: string | null
  /** Called after each commit. */
  readonly onProgress: (lines: number) => void
}

export type ImportResult = ImportCounts & {
  /** All lines of the file. */
  readonly lines: number
  /** Lines that an earlier run had read already. */
  readonly resumedAfter: number
}

const LINES_PER_COMMIT = 2_000
const BYTES_PER_COMMIT = 4 * 1_024 * 1_024
const NEWLINE = Buffer.from('\n')
const NONE: ImportCounts = { accepted: 0, duplicates: 0, conflicts: 0, rejected: 0 }

/**
 * Brings the events of a file into the log, in the order of its lines. What is committed and how far
 * the file is are one commit, so a run that was killed is gone on with, and one that was finished
 * changes nothing when it is repeated.
 * @throws UnreadableFileError what was read before it stays
 */
export async function importEvents(
  parts: ImportParts,
  request: ImportRequest,
): Promise<ImportResult> {
  const earlier = await findImport(parts.store.read, request.app, request.source)
  const begun = earlier && (await isOfSameFile(request.file, earlier)) ? earlier : null
  return importFrom(parts, request, begun)
}

/** Whether the file begins with what an import of its name read; another file begins anew. */
async function isOfSameFile(file: string, { line, prefixHash }: ImportProgress): Promise<boolean> {
  const hash = createHash('sha256')
  let read = 0
  for await (const lines of readLines(file)) {
    for (const bytes of lines) {
      if (read === line) break
      hash.update(bytes).update(NEWLINE)
      read += 1
    }
    if (read === line) break
  }
  return read === line && Buffer.compare(hash.digest(), prefixHash) === 0
}

type State = {
  readonly hash: Hash
  /** Lines that were read, and those of them that wait for the next commit. */
  line: number
  waiting: Buffer[]
  waitingBytes: number
  /** Over all runs. */
  counts: ImportCounts
}

async function importFrom(
  parts: ImportParts,
  request: ImportRequest,
  begun: ImportProgress | null,
): Promise<ImportResult> {
  const { app, source } = request
  const judgeLine = createLineJudge(request)
  const state: State = {
    ...{ hash: createHash('sha256'), line: 0, waiting: [], waitingBytes: 0 },
    counts: begun?.counts ?? NONE,
  }
  const skipped = begun?.line ?? 0

  const commit = async (isLast: boolean): Promise<void> => {
    const receivedAt = parts.now()
    const first = state.line - state.waiting.length + 1
    const judged = state.waiting.map((bytes, i) => judgeLine(bytes, first + i, receivedAt))
    const progress: ImportProgress = {
      ...{ source, line: state.line, counts: state.counts },
      prefixHash: state.hash.copy().digest(),
      finishedAt: isLast ? receivedAt : null,
    }
    const input: NewGameEvents = {
      delivery: {
        ...{ app, requestId: null, sdk: null, sentAt: null, receivedAt },
        source: `import:${source}`,
      },
      events: judged.flatMap((each) => ('event' in each ? [each.event] : [])),
      refused: judged.flatMap((each) => ('refused' in each ? [each.refused] : [])),
      progress,
    }
    const outcomes = await parts.writer.submit(RECORD_GAME_EVENTS, input)
    state.counts = addCounts(state.counts, outcomes, input.refused.length)
    state.waiting = []
    state.waitingBytes = 0
    request.onProgress(state.line)
  }

  for await (const lines of readLines(request.file)) {
    for (const bytes of lines) {
      state.hash.update(bytes).update(NEWLINE)
      state.line += 1
      if (state.line <= skipped) continue
      state.waiting.push(bytes)
      state.waitingBytes += bytes.length
      const isFull = state.waiting.length >= LINES_PER_COMMIT
      if (isFull || state.waitingBytes >= BYTES_PER_COMMIT) await commit(false)
    }
  }
  const isNew = begun?.finishedAt == null || state.line > skipped
  if (isNew) await commit(true)
  return { ...shown(state.counts, begun), lines: state.line, resumedAfter: skipped }
}

/** What an import that was finished had accepted is a duplicate in one that repeats it. */
function shown(counts: ImportCounts, begun: ImportProgress | null): ImportCounts {
  if (begun?.finishedAt == null) return counts
  const before = begun.counts.accepted
  return {
    ...counts,
    accepted: counts.accepted - before,
    duplicates: counts.duplicates + before,
  }
}
