import type { Store, Tx, Writer } from '../store/store.ts'
import { type Appended, append } from './append.ts'
import {
  type Count,
  type EventFilter,
  type EventPage,
  eventsOfPlayer,
  type PagePosition,
  type StatsPage,
  statsOfAll,
  statsOfPlayer,
} from './queries.ts'
import { newestOffset } from './read-log.ts'
import { type NewEvent, RECORD, type Recorded } from './record.ts'

export type Log = {
  /** Appends inside another folder's transaction: an effect and its event are one commit. */
  append(tx: Tx, events: readonly Appended[]): Promise<number>
  record(event: NewEvent): Promise<Recorded>
  eventsOf(
    playerId: string,
    filter: EventFilter,
    page: { readonly limit: number; readonly skip: number; readonly before: PagePosition | null },
  ): Promise<EventPage>
  /** Counts per event type, the most frequent first. `of` is one player, or everybody in one or all apps. */
  stats(
    of: { readonly playerId: string } | { readonly app: string | null },
    filter: EventFilter,
    page: { readonly limit: number; readonly skip: number },
  ): Promise<StatsPage>
  /** The newest offset, which is also how many events were ever logged. */
  head(): Promise<number>
}

export function createLog(parts: { readonly store: Store; readonly writer: Writer }): Log {
  const { store, writer } = parts
  return {
    append,
    record: (event) => writer.submit(RECORD, event),
    eventsOf: (playerId, filter, page) => eventsOfPlayer(store, playerId, filter, page),
    async stats(of, filter, page) {
      const counts =
        'playerId' in of
          ? await statsOfPlayer(store, of.playerId, filter)
          : await statsOfAll(store, of.app, filter)
      return pageOf(counts, page)
    },
    head: () => newestOffset(store.read),
  }
}

function pageOf(counts: readonly Count[], page: { limit: number; skip: number }): StatsPage {
  const sorted = counts.toSorted(
    (a, b) => b.count - a.count || (a.eventType < b.eventType ? -1 : 1),
  )
  return { counts: sorted.slice(page.skip, page.skip + page.limit), total: counts.length }
}
