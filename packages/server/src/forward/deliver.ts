import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../platform/platform.ts'
import { packed } from './pack.ts'
import { Rewound, type Sink, SinkFailure, type SinkRecord } from './sink.ts'

export type DeliverParts = {
  readonly sink: Sink
  readonly random: Random
  readonly signal: AbortSignal
  /** Waits; tests pass their own. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

const PAUSE_MS = { first: 200, most: 30_000, asked: 300_000 }
/** Then the failure is told, and the same is tried again. */
const ATTEMPTS = 6

/** What is on its way: all since the last checkpoint, and what of it is still to be put. */
export type Underway = { readonly all: readonly SinkRecord[]; readonly waiting: SinkRecord[] }

export const underwayOf = (all: readonly SinkRecord[]): Underway => ({ all, waiting: [...all] })

/**
 * Brings records of a lane to where they are for good. What was taken is not put again, unless the sink
 * says that it may be gone.
 * @returns whether all are; not when the signal has aborted
 * @throws SinkFailure when it goes on failing
 */
export async function bring(parts: DeliverParts, lane: string, way: Underway): Promise<boolean> {
  const { sink, signal, random, pause = wait } = parts
  for (let attempt = 1; ; attempt += 1) {
    try {
      while (way.waiting.length > 0 && !signal.aborted) await deliver(parts, lane, way.waiting)
      if (!signal.aborted) await sink.settle(lane, signal)
      return !signal.aborted
    } catch (error) {
      const isSettling = way.waiting.length === 0
      if (!(error instanceof SinkFailure)) throw error
      if (error instanceof Rewound) way.waiting.splice(0, way.waiting.length, ...way.all)
      // Of what was not taken all attempts were made already.
      else if (!isSettling || !error.isPassing) throw error
      if (signal.aborted) return false
      if (attempt >= ATTEMPTS) throw error
      await pause(pauseMs(random, attempt, error), signal)
    }
  }
}

/**
 * Hands over the first records that fit into one request, and takes them out of `waiting`. Those that
 * were not taken are tried again alone, in their order, before anything that follows them. A request
 * without an answer may have worked and is made again: the rows are told apart by their `event_id`.
 * @throws SinkFailure when it goes on failing; `waiting` then has what is not acknowledged
 */
async function deliver(
  { sink, random, signal, pause = wait }: DeliverParts,
  lane: string,
  waiting: SinkRecord[],
): Promise<void> {
  let request = waiting.slice(0, packed(waiting, sink.limits))
  const rest = waiting.slice(request.length)
  let lastFailure = new SinkFailure('the service takes no records', true)
  for (let attempt = 0; attempt < ATTEMPTS && request.length > 0 && !signal.aborted; attempt += 1) {
    if (attempt > 0) await pause(pauseMs(random, attempt, lastFailure), signal)
    try {
      const failed = await sink.put(lane, request, signal)
      const taken = request.length - failed.length
      request = failed.flatMap((index) => request[index] ?? [])
      if (taken > 0) attempt = 0
      if (request.length > 0) {
        lastFailure = new SinkFailure(`${request.length} records were not taken`, true)
      }
    } catch (error) {
      if (!(error instanceof SinkFailure) || !error.isPassing) throw error
      if (error instanceof Rewound) throw error
      lastFailure = error
    } finally {
      waiting.splice(0, waiting.length, ...request, ...rest)
    }
  }
  if (request.length > 0 && !signal.aborted) throw lastFailure
}

/** Full jitter: many servers that failed together do not come back together. Never less than was asked. */
const pauseMs = (random: Random, attempt: number, { afterMs }: SinkFailure): number =>
  Math.min(PAUSE_MS.asked, afterMs) +
  (random.bytes(4).readUInt32BE() / 2 ** 32) *
    Math.min(PAUSE_MS.most, PAUSE_MS.first * 2 ** (attempt - 1))

const wait = (ms: number, signal: AbortSignal): Promise<unknown> =>
  sleep(ms, undefined, { signal }).catch(() => undefined)
