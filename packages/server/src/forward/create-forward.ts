import type { Consumer } from '../analytics/analytics.ts'
import type { LogPage } from '../log/log.ts'
import { bring, type DeliverParts, type Underway, underwayOf } from './deliver.ts'
import { createLaneCheck } from './lanes.ts'
import { recordOf } from './record.ts'

export const FORWARD = 'forward'
/** The lane of the log; positions are its offsets. */
export const LOG_LANE = 'log'

export type ForwardParts = DeliverParts & {
  /** What follows an offset of the log. */
  readonly nextPage: (after: number, events: number) => Promise<LogPage | null>
  /** The newest offset of the log. */
  readonly newest: () => Promise<number>
  /** When the oldest event was received that is not acknowledged; null when all are. */
  readonly onBacklog: (receivedAt: number | null) => void
}

type Pending = { readonly after: number; readonly page: LogPage; readonly way: Underway }

/**
 * The consumer that sends accepted game events on, in the order of the log. Its checkpoint moves past
 * an event only when the service has it and all before it for good, so none is ever missing; after a
 * crash or a time-out some arrive twice at a service that keeps no account.
 */
export function createForwardConsumer(parts: ForwardParts): Consumer {
  const { nextPage, newest, sink, signal, onBacklog } = parts
  const lanes = createLaneCheck(sink)
  let pending: Pending | null = null

  const load = async (after: number, events: number): Promise<Pending | null> => {
    const page = await nextPage(after, events)
    if (page === null) return null
    const oldest = page.records.find(({ kind }) => kind === 'game')
    if (oldest) onBacklog(oldest.receivedAt)
    const records = page.records.flatMap(
      (record) => recordOf({ lane: LOG_LANE, position: record.offset }, record) ?? [],
    )
    return { after, page, way: underwayOf(records) }
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
      const { page, way } = pending
      if (way.all.length > 0) {
        await lanes.check(LOG_LANE, newest, signal)
        if (!(await bring(parts, LOG_LANE, way))) return null
      }
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
