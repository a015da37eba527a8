import type { Consumer } from '../analytics/analytics.ts'
import type { LogPage } from '../log/log.ts'
import type { Random } from '../platform/platform.ts'
import { type DeliverParts, deliver } from './deliver.ts'
import { recordOf } from './record.ts'
import type { Sink } from './sink.ts'

export const FORWARD = 'forward'

export type ForwardParts = {
  /** What follows an offset of the log. */
  readonly nextPage: (after: number, events: number) => Promise<LogPage | null>
  readonly sink: Sink
  readonly random: Random
  /** Ends a pause between attempts; what is not acknowledged is sent again by the next process. */
  readonly signal: AbortSignal
  /** When the oldest event was received that is not acknowledged; null when all are. */
  readonly onBacklog: (receivedAt: number | null) => void
  readonly pause?: NonNullable<DeliverParts['pause']>
}

type Pending = { readonly after: number; readonly page: LogPage; readonly waiting: Uint8Array[] }

/**
 * The consumer that sends accepted game events on, in the order of the log. Its checkpoint moves past
 * an event only when the service has acknowledged it and all before it, so none is ever missing; after
 * a crash or a time-out some arrive twice.
 */
export function createForwardConsumer(parts: ForwardParts): Consumer {
  const { nextPage, signal, onBacklog } = parts
  let pending: Pending | null = null

  const load = async (after: number, events: number): Promise<Pending | null> => {
    const page = await nextPage(after, events)
    if (page === null) return null
    const waiting = page.records.flatMap((record) => recordOf(record) ?? [])
    const oldest = page.records.find(({ kind }) => kind === 'game')
    if (oldest) onBacklog(oldest.receivedAt)
    return { after, page, waiting }
  }

  return {
    name: FORWARD,
    source: 'log',
    async next(after, events) {
      // What a failure has left of the same page: acknowledged records are not sent again.
      if (pending?.after !== after) pending = await load(after, events)
      if (pending === null) {
        onBacklog(null)
        return null
      }
      const { page, waiting } = pending
      while (waiting.length > 0 && !signal.aborted) await deliver(parts, waiting)
      if (waiting.length > 0) return null
      return { first: page.first, last: page.last }
    },
    // The service has them: only the checkpoint moves.
    apply: async () => undefined,
    committed() {
      pending = null
    },
    // The log does not change, so what is known of a page stays true.
    forget: () => undefined,
  }
}
