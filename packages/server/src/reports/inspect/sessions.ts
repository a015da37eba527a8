import { type InputZone, parseDay, parseInstant, present } from '../cells/cells.ts'
import { createTextNumbers, createTextQueue, grown } from '../texts/texts.ts'
import { NOT_PLAIN, plainDay, plainInstant } from './common-shapes.ts'
import { createFateBook, type Fates } from './fates.ts'
import { isPlainPlayer } from './plain-sales.ts'
import { cellStart, cellStop, type Inspector, type RecordPlace, readRow } from './record.ts'
import { type InspectSettings, isUtc } from './settings.ts'

/** The rows of a file that are kept or duplicates. */
export type SessionFindings = Fates & {
  readonly count: number
  /** By row; equal numbers are equal users, from 0. */
  readonly users: Int32Array
  readonly userCount: number
  /** By row, microseconds. */
  readonly instants: Float64Array
}

export type SessionColumns = {
  readonly user: number
  readonly time: number
  /** The time column holds days, not instants. */
  readonly isDay: boolean
}

/** Takes the rows that are kept or duplicates, each with its user where it lies. */
export type SessionTarget = {
  take(user: Uint8Array, from: number, to: number, instant: number): void
}

/** Stands for a user whose number comes later. */
const LATER = -1
const DAY_MICROS = 86_400_000_000
/** Of a usual row and its user. */
const ROW_BYTES = 32
const ID_BYTES = 16

/** How many rows are expected; columns grow where more come. */
export const sessionRoom = (fileBytes: number): number => Math.ceil(fileBytes / ROW_BYTES) + 16

export type SessionRows = Omit<SessionFindings, keyof Fates>

/** Keeps sessions in memory. */
export function createSessionRows(room: number) {
  // Room for users of two sessions each: numbering more than expected puts all of them anew, each time.
  const known = createTextNumbers({ texts: room >> 1, bytes: (room >> 1) * ID_BYTES })
  let users = new Int32Array(room)
  let instants = new Float64Array(room)
  let count = 0
  const queue = createTextQueue(known, (row, number) => {
    users[row] = number
  })
  const target: SessionTarget = {
    take(user, from, to, instant) {
      if (count === users.length) {
        users = grown(users, count + 1)
        instants = grown(instants, count + 1)
      }
      queue.add(count, user, from, to)
      users[count] = LATER
      instants[count] = instant
      count += 1
    },
  }
  return {
    ...target,
    read(): SessionRows {
      queue.flush()
      return { count, users, userCount: known.count, instants }
    },
  }
}

/** Decides the fate of each session row, duplicates aside, and keeps the rows in memory. */
export function inspectSessions(
  at: SessionColumns,
  settings: InspectSettings,
): Inspector<SessionFindings> {
  const rows = createSessionRows(sessionRoom(settings.fileBytes))
  const { record, finish } = judgeSessions(at, settings, rows)
  return { record, finish: () => ({ ...finish(), ...rows.read() }) }
}

/** The same, for whoever takes the rows. A day is the instant of its midnight. */
export function judgeSessions(
  at: SessionColumns,
  settings: InspectSettings,
  target: SessionTarget,
): Inspector<Fates> {
  const plainTime = plainSessionTime(at, settings.zone)
  const book = createFateBook(settings.onRejected)
  return {
    record(record, bytes, base) {
      book.record()
      const time = plainTime(record, bytes)
      if (time >= 0 && isPlainPlayer(record, bytes, at.user)) {
        const from = cellStart(record, bytes, at.user)
        target.take(bytes, from, cellStop(record, bytes, at.user), time)
        return
      }
      const row = readRow(record, bytes, base, settings.delimiter)
      const user = Buffer.from(present(row.cells[at.user] ?? ''))
      const read = sessionTime(at, row.cells[at.time] ?? '', settings.zone)
      if (user.length === 0) book.reject(row, 'empty-user-id')
      else if (typeof read === 'string') book.reject(row, read)
      else target.take(user, 0, user.length, read)
    },
    finish: book.fates,
  }
}

/** Microseconds, or {@link NOT_PLAIN}. */
function plainSessionTime({ time, isDay }: SessionColumns, zone: InputZone) {
  const zoneless = isUtc(zone)
  return (record: RecordPlace, bytes: Buffer): number => {
    const start = cellStart(record, bytes, time)
    const stop = cellStop(record, bytes, time)
    if (!isDay) return plainInstant(bytes, start, stop, zoneless)
    const day = plainDay(bytes, start, stop)
    return day < 0 ? NOT_PLAIN : day * DAY_MICROS
  }
}

/** Microseconds, or why it is none. */
function sessionTime({ isDay }: SessionColumns, text: string, zone: InputZone): number | string {
  if (isDay) {
    const { day } = parseDay(text, zone)
    return day === undefined ? 'unreadable-date' : day * DAY_MICROS
  }
  const { instant } = parseInstant(text, zone)
  return instant === undefined ? 'unreadable-time' : Number(instant)
}
