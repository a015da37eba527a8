import { Readable } from 'node:stream'
import { ProblemError } from '@questline/contracts'
import { toInstant } from '../platform/platform.ts'
import type { ChangedMinute, KpiPosition, KpiQuery } from '../windows/windows.ts'
import type { LiveNumbers } from './parts.ts'

declare global {
  // Node has it; the types of the language do not know it yet.
  interface JSON {
    rawJSON(text: string): unknown
  }
}

export type KpiFilter = Omit<KpiQuery, 'grain' | 'from' | 'to'>

/** Each holds a connection, a timer's share and a statement per change. */
const STREAMS_MAX = 200
/** Proxies cut a connection on which nothing is said for a minute. */
const KEEP_ALIVE_MS = 15_000
const KEEP_ALIVE = ':\n\n'

/**
 * Streams of minutes as they change. A client has a place in the changes and nothing that waits for
 * it: a slow one is sent later what the minutes are by then, so it costs no memory.
 */
export function createKpiStreams(numbers: LiveNumbers) {
  const streams = new Set<ReturnType<typeof createStream>>()
  const unlisten = numbers.onChange(() => {
    for (const stream of streams) stream.wake()
  })
  const timer = setInterval(() => {
    for (const stream of streams) stream.keepAlive()
  }, KEEP_ALIVE_MS)
  timer.unref()

  return {
    /** What follows a position, as bytes of `text/event-stream`. */
    open(filter: KpiFilter, from: KpiPosition): Readable {
      if (streams.size >= STREAMS_MAX) throw new ProblemError('overloaded', { retryAfter: 5 })
      const stream = createStream(numbers, filter, from)
      streams.add(stream)
      stream.readable.once('close', () => streams.delete(stream))
      return stream.readable
    },
    /** Ends them all, so that the server can close. */
    stop(): void {
      unlisten()
      clearInterval(timer)
      for (const { readable } of streams) readable.push(null)
    },
  }
}

export type KpiStreams = ReturnType<typeof createKpiStreams>

function createStream(numbers: LiveNumbers, filter: KpiFilter, from: KpiPosition) {
  let position = from
  let hasRoom = false
  let isReading = false
  let isMore = true

  const pump = async (): Promise<void> => {
    if (isReading) return
    isReading = true
    try {
      while (hasRoom && isMore && !readable.destroyed && !readable.readableEnded) {
        // Before it is read, so that a change meanwhile is looked at once more.
        isMore = false
        const changes = await numbers.changes(position, filter)
        const last = changes.at(-1)
        if (last === undefined || readable.destroyed) continue
        isMore = true
        position = last.position
        const text = changes.map(eventOf).join('')
        if (text !== '') hasRoom = readable.push(text)
      }
    } catch (error) {
      readable.destroy(error instanceof Error ? error : new Error(String(error)))
    } finally {
      isReading = false
    }
  }

  const readable = new Readable({
    read() {
      hasRoom = true
      void pump()
    },
  })
  // So that the client, and whatever stands between, sees the answer begin.
  readable.push(KEEP_ALIVE)

  return {
    readable,
    wake(): void {
      isMore = true
      if (hasRoom) void pump()
    },
    keepAlive(): void {
      if (hasRoom) hasRoom = readable.push(KEEP_ALIVE)
    },
  }
}

/** An id stands where nothing of its offset is missing any more: a client that resumes misses nothing. */
function eventOf({ id, window }: ChangedMinute): string {
  const position = id === null ? '' : `id: ${id}\n`
  if (window === null) return id === null ? '' : `${position}\n`
  const { start, ...figures } = window
  const data = JSON.stringify({ minute: toInstant(start), ...figures }, exact)
  return `${position}event: minute\ndata: ${data}\n\n`
}

/** Sums beyond 2⁵³ are written digit by digit. */
const exact = (_name: string, value: unknown): unknown =>
  typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value
