import {
  type Batch,
  type Consumer,
  createStage,
  type Leases,
  type Stage,
} from '../analytics/analytics.ts'
import type { RawSettings } from '../lake/lake.ts'
import { unloggedNumbers } from '../log/log.ts'
import {
  createEnrichedPages,
  createQuality,
  type EnrichedPages,
  type Rule,
} from '../quality/quality.ts'
import type { Read, Store } from '../store/store.ts'
import type { Tracing } from '../tracing/tracing.ts'
import { createLoss, createWindows } from '../windows/windows.ts'
import { tracedConsumer } from './traced-stages.ts'
import { createWholeLog } from './whole-log.ts'

export type ConsumersParts = {
  /** Reads the books. */
  readonly readBooks: Read
  readonly analytics: Store
  readonly leases: Leases
  /** Milliseconds that never go backwards; without it nothing is measured. */
  readonly monotonic?: () => number
  /** How many events quality has refused, for each reason. */
  readonly onRejected?: (reason: string, events: number) => void
  readonly trace?: { readonly tracing: Tracing | null; readonly now: () => number }
}

export type ConsumersSettings = {
  /** The studio's own rules. */
  readonly rules: readonly Rule[]
  /** Offsets that a stage takes at once, about. */
  readonly batchEvents: number
  /** The log is followed up to here; without it, to its end. */
  readonly until?: number
  /** Where events are that have left the log's table; without it, meeting one is a failure. */
  readonly lake?: RawSettings
}

export type Consumers = {
  /** In the order in which data flows. */
  readonly stages: readonly Stage[]
  /** What quality has written, for further consumers in this process. */
  readonly pages: EnrichedPages
}

/**
 * Events in one transaction while there are so many: fewer share a row, more take memory. With 2,000
 * windows takes 8.1 µs of CPU an event and the process of a catch-up 272 MB, with 5,000 6.5 and 348.
 */
export const BATCH_EVENTS = 5_000

/** Every consumer of the log that counts, on one analytics file. */
export function createConsumers(
  { readBooks, analytics, leases, monotonic, onRejected, trace }: ConsumersParts,
  { rules, batchEvents, until, lake }: ConsumersSettings,
): Consumers {
  const parts = { store: analytics, leases, ...(monotonic ? { monotonic } : {}) }
  const { nextPage, rawEvents } = createWholeLog(readBooks, lake, until)
  const unlogged = (offsets: Batch) => unloggedNumbers(readBooks, offsets)
  const pages = createEnrichedPages(analytics.read)
  const settings = { events: batchEvents }
  const { tracing = null, now = () => 0 } = trace ?? {}
  const traced = <B extends Batch>(
    consumer: Consumer<B>,
    eventsOf: (batch: B) => readonly { readonly trace?: string }[],
  ) => tracedConsumer(consumer, tracing, now, eventsOf)
  return {
    pages,
    stages: [
      createStage(
        parts,
        traced(
          createQuality(
            { rawEvents, nextPage, pages, ...(onRejected ? { onRejected } : {}) },
            { rules, drops: true },
          ),
          ({ records }) => records,
        ),
        settings,
      ),
      createStage(parts, createLoss({ nextPage, unlogged }), settings),
      createStage(
        parts,
        traced(createWindows({ nextPage: pages.next }), ({ events }) => events),
        settings,
      ),
    ],
  }
}
