import type { RawPages, RawSettings } from '../lake/lake.ts'
import { ExpiredOffsetsError, type LogPage, rawEvents } from '../log/log.ts'
import { createLogPages } from '../quality/quality.ts'
import type { Read } from '../store/store.ts'

/**
 * The whole log page by page: what has left its table from the lake, the rest from the table. What
 * reads the lake is loaded with the first event that is only there.
 * @param until the log is followed up to here; without it, to its end
 */
export function createWholeLog(readBooks: Read, lake?: RawSettings, until?: number) {
  const nextPage = createLogPages(readBooks, until)
  let opened: Promise<RawPages> | null = null
  let newest: LogPage | null = null

  const open = (settings: RawSettings): Promise<RawPages> => {
    opened ??= import('../lake/lake.ts').then(({ createRawPages }) => createRawPages(settings))
    return opened
  }

  return {
    async nextPage(after: number, events: number): Promise<LogPage | null> {
      if (newest?.first === after + 1) return newest
      try {
        return await nextPage(after, events)
      } catch (error) {
        if (!(error instanceof ExpiredOffsetsError) || lake === undefined) throw error
        const last = Math.min(after + events, error.last, until ?? error.last)
        newest = await (await open(lake)).page(after, last)
        return newest
      }
    },
    /** The events from `first` to `last` as they were sent, byte for byte, by their offsets. */
    async rawEvents(first: number, last: number): Promise<ReadonlyMap<number, Buffer>> {
      const isAhead = newest !== null && newest.first <= first && newest.last >= last
      if (isAhead && lake !== undefined) return (await open(lake)).rawEvents(first, last)
      return rawEvents(readBooks, first, last)
    },
  }
}
