import { toInstant } from '../platform/platform.ts'
import type { Step } from '../quality-kafka/quality-kafka.ts'
import type { Read } from '../store/store.ts'
import type { Tracing } from '../tracing/tracing.ts'
import { GRAIN_MS, isNoted, startOf } from '../windows/windows.ts'

export type WindowTracesParts = {
  readonly tracing: Pick<Tracing, 'batch'>
  /** Of the analytics. */
  readonly read: Read
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number
}

/** Many events of one request are one trace. */
type Waiting = { readonly from: number; readonly traceparents: Set<string> }

/** Whatever is not counted by then came late, or Flink stands still. */
const WAITED_MS = 10 * GRAIN_MS.minute
/** Bounds memory while it does. */
const WAITING_MAX = 10_000

/**
 * Follows traced events from `events-enriched` into the minute that Flink counts them in. Flink knows no
 * trace, and its rows are of many events; but a minute is written once, when it ends. So whoever has
 * enriched a traced event waits until its minute is there. In memory alone: a process that dies takes the
 * last span of what it waited for with it.
 */
export function createWindowTraces({ tracing, read, now }: WindowTracesParts) {
  /** By the beginning of the minute. `arrived` since the last look. */
  let arrived = new Map<number, Waiting>()
  const waiting = new Map<number, Waiting>()

  const size = (): number =>
    [...arrived.values(), ...waiting.values()].reduce(
      (sum, { traceparents }) => sum + traceparents.size,
      0,
    )

  const settle = async (start: number, fresh: Waiting | undefined): Promise<void> => {
    const known = waiting.get(start)
    const from = known?.from ?? fresh?.from ?? 0
    const traceparents = new Set([...(known?.traceparents ?? []), ...(fresh?.traceparents ?? [])])
    const isThere = await isNoted(read, start)
    if (!isThere && now() - from <= WAITED_MS) {
      waiting.set(start, { from, traceparents })
      return
    }
    waiting.delete(start)
    // A minute that was there before its event is without it: that one came late.
    if (!isThere || known === undefined) return
    const attributes = { 'questline.minute': toInstant(start) }
    tracing.batch({ name: 'windows', traceparents, from, to: now(), attributes })
  }

  return {
    /** Those of one batch, once they are written. */
    expect(events: readonly TracedEvent[]): void {
      if (size() + events.length > WAITING_MAX) return
      for (const { at, traceparent } of events) {
        const start = startOf('minute', at)
        const of = arrived.get(start) ?? { from: now(), traceparents: new Set() }
        of.traceparents.add(traceparent)
        arrived.set(start, of)
      }
    },
    /** Ends the spans of minutes that are there by now. */
    async look(): Promise<void> {
      const fresh = arrived
      arrived = new Map()
      for (const start of new Set([...waiting.keys(), ...fresh.keys()])) {
        await settle(start, fresh.get(start))
      }
    },
  }
}

export type WindowTraces = ReturnType<typeof createWindowTraces>

type TracedEvent = { readonly at: number; readonly traceparent: string }

/** A step that enriches, and whose traced events are then waited for. */
export function expectedInWindows(step: Step, traces: WindowTraces | null): Step {
  if (traces === null) return step
  return {
    ...step,
    async take(taken) {
      await step.take(taken)
      traces.expect(
        taken.flatMap(({ records }) =>
          records.flatMap(({ headers, value }) => {
            const traceparent = headers.get('traceparent')
            return traceparent === undefined ? [] : tracedEvent(traceparent, String(value))
          }),
        ),
      )
    },
  }
}

/** Only what is counted, and each event once. */
function tracedEvent(traceparent: string, text: string): TracedEvent[] {
  const { is, part, stored } = JSON.parse(text)
  return is === 'event' && part === 0 ? [{ at: stored.corrected_at, traceparent }] : []
}
