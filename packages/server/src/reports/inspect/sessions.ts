import { type InputZone, present } from '../cells/cells.ts'
import { isPlainDay, isPlainTime } from './common-shapes.ts'
import { createFateBook, type Fates } from './fates.ts'
import {
  createOddDays,
  createOddTimes,
  noteOddIds,
  type OddCells,
  type OddIds,
} from './odd-cells.ts'
import { type IsPlain, isPlainPlayer } from './plain-sales.ts'
import { cellStart, cellStop, type Inspector, readRow } from './record.ts'
import { type InspectSettings, isUtc } from './settings.ts'

/** What the sessions of a file hold that the engine cannot tell, or not exactly. */
export type SessionFindings = Fates & {
  /** Texts of times that are of no plain shape, with their instants. */
  readonly times: OddCells
  readonly ids: OddIds
  readonly candidates: number
}

export type SessionColumns = {
  readonly user: number
  readonly time: number
  /** The time column holds days, not instants. */
  readonly isDay: boolean
}

/** Decides the fate of each session row, duplicates aside. A day is the instant of its midnight. */
export function inspectSessions(
  at: SessionColumns,
  settings: InspectSettings,
): Inspector<SessionFindings> {
  const isPlain = plainSessions(at, settings.zone)
  const book = createFateBook(settings.onRejected)
  const times = at.isDay ? createOddDays(settings.zone) : createOddTimes(settings.zone)
  const ids = new Map<string, string | null>()
  let candidates = 0

  return {
    record(record, bytes) {
      book.record()
      if (isPlain(record, bytes)) {
        candidates += 1
        return
      }
      const row = readRow(record, bytes, settings.delimiter)
      const user = row.cells[at.user] ?? ''
      const time = times.read(row.cells[at.time] ?? '')
      noteOddIds(ids, [user])
      if (present(user) === '') book.reject(row, 'empty-user-id')
      else if (time.instant === undefined) book.reject(row, time.reason)
      else candidates += 1
    },
    finish: () => ({ ...book.fates(), times: times.known, ids, candidates }),
  }
}

function plainSessions({ user, time, isDay }: SessionColumns, zone: InputZone): IsPlain {
  const zoneless = isUtc(zone)
  return (record, bytes) => {
    const start = cellStart(record, bytes, time)
    const stop = cellStop(record, bytes, time)
    const isPlainCell = isDay
      ? isPlainDay(bytes, start, stop)
      : isPlainTime(bytes, start, stop, zoneless)
    return isPlainCell && isPlainPlayer(record, bytes, user)
  }
}
