import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../platform/platform.ts'
import { packed } from './pack.ts'
import { type Sink, SinkFailure } from './sink.ts'

export type DeliverParts = {
  readonly sink: Sink
  readonly random: Random
  readonly signal: AbortSignal
  /** Waits; tests pass their own. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

const PAUSE_MS = { first: 200, most: 30_000 }
/** Then the failure is told, and the same is tried again. */
const ATTEMPTS = 6

/**
 * Hands over the first records that fit into one request, and takes them out of `waiting`. Those that
 * were not taken are tried again alone, in their order, before anything that follows them. A request
 * without an answer may have worked and is made again: the rows are told apart by their `event_id`.
 * @throws SinkFailure when it goes on failing; `waiting` then has what is not acknowledged
 */
export async function deliver(
  { sink, random, signal, pause = wait }: DeliverParts,
  waiting: Uint8Array[],
): Promise<void> {
  let request = waiting.slice(0, packed(waiting))
  const rest = waiting.slice(request.length)
  let lastFailure = new SinkFailure('the service takes no records', true)
  for (let attempt = 0; attempt < ATTEMPTS && request.length > 0 && !signal.aborted; attempt += 1) {
    if (attempt > 0) await pause(pauseMs(random, attempt), signal)
    try {
      const failed = await sink.put(request, signal)
      const taken = request.length - failed.length
      request = failed.flatMap((index) => request[index] ?? [])
      if (taken > 0) attempt = 0
      if (request.length > 0) {
        lastFailure = new SinkFailure(`${request.length} records were not taken`, true)
      }
    } catch (error) {
      if (!(error instanceof SinkFailure) || !error.isPassing) throw error
      lastFailure = error
    } finally {
      waiting.splice(0, waiting.length, ...request, ...rest)
    }
  }
  if (request.length > 0 && !signal.aborted) throw lastFailure
}

/** Full jitter: many servers that failed together do not come back together. */
const pauseMs = (random: Random, attempt: number): number =>
  (random.bytes(4).readUInt32BE() / 2 ** 32) *
  Math.min(PAUSE_MS.most, PAUSE_MS.first * 2 ** (attempt - 1))

const wait = (ms: number, signal: AbortSignal): Promise<unknown> =>
  sleep(ms, undefined, { signal }).catch(() => undefined)
