import { parseDay, parseInstant, present } from '../cells/cells.ts'
import { isPlainText, isPlainTime } from './common-shapes.ts'
import { createFateBook, type Fates, rawText } from './fates.ts'
import type { OddCells } from './odd-cells.ts'
import { cellsOf, type Inspector, type RecordPlace } from './record.ts'
import type { InspectSettings } from './settings.ts'

/** What the sessions of a file hold that the engine cannot tell, or not exactly. */
export type SessionFindings = Fates & {
  /** Texts of times that are of no plain shape, with their instants. */
  readonly times: OddCells
  readonly untidy: boolean
  readonly candidates: number
}

export type SessionColumns = {
  readonly user: number
  readonly time: number
  /** The time column holds days, not instants. */
  readonly isDay: boolean
}

const DAY_MICROS = 86_400_000_000n

/** Decides the fate of each session row, duplicates aside. A day is the instant of its midnight. */
export function inspectSessions(
  at: SessionColumns,
  settings: InspectSettings,
): Inspector<SessionFindings> {
  const fates = createFateBook(settings.onRejected)
  const known = new Map<string, bigint | null>()
  const isZoneless = settings.zone.name === 'UTC'
  let untidy = false
  let candidates = 0

  const readTime = (text: string): bigint | null => {
    const before = known.get(text)
    if (before !== undefined) return before
    const { day } = at.isDay ? parseDay(text, settings.zone) : { day: undefined }
    const midnight = day === undefined ? undefined : BigInt(day) * DAY_MICROS
    const instant = at.isDay ? midnight : parseInstant(text, settings.zone).instant
    known.set(text, instant ?? null)
    return instant ?? null
  }
  const isPlain = ({ starts, quoted }: RecordPlace, bytes: Buffer): boolean => {
    if (quoted || at.isDay) return false
    const [from, to] = [starts[at.user] as number, (starts[at.user + 1] as number) - 1]
    const [start, stop] = [starts[at.time] as number, (starts[at.time + 1] as number) - 1]
    return from < to && isPlainText(bytes, from, to) && isPlainTime(bytes, start, stop, isZoneless)
  }

  return {
    record(record, bytes) {
      fates.record()
      if (isPlain(record, bytes)) {
        candidates += 1
        return
      }
      const cells = cellsOf(record, bytes, settings.delimiter)
      const user = cells[at.user] ?? ''
      const instant = readTime(cells[at.time] ?? '')
      const row = { line: record.line, raw: rawText(record, bytes) }
      untidy ||= present(user) !== user
      if (present(user) === '') return fates.reject({ ...row, reason: 'empty-user-id' })
      if (instant === null) {
        const reason = at.isDay ? 'unreadable-date' : 'unreadable-time'
        return fates.reject({ ...row, reason })
      }
      candidates += 1
    },
    finish() {
      const { filtered, rejected, records } = fates
      return { filtered, rejected, records, times: known, untidy, candidates }
    },
  }
}
