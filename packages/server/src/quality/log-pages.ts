import { type LogPage, readLog } from '../log/log.ts'
import type { Read } from '../store/store.ts'

/** Pages that consumers of the log share: the second to ask for one gets it unpacked and parsed. */
export function createLogPages(readBooks: Read, until?: number) {
  let newest: LogPage | null = null
  return async (after: number, events: number): Promise<LogPage | null> => {
    if (newest?.first === after + 1) return newest
    for await (const page of readLog(readBooks, after, {
      events,
      ...(until === undefined ? {} : { until }),
    })) {
      newest = page
      return page
    }
    return null
  }
}
