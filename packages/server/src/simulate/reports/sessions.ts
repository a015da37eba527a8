import { below, createWalk, mix } from './chance.ts'
import {
  type CsvBytes,
  createInstantWriter,
  dayText,
  putByte,
  putBytes,
  putLineEnd,
  putText,
  writeCsv,
} from './csv-bytes.ts'
import type { Names } from './names.ts'
import { clockText, type PlannedRow, timeText } from './planted.ts'
import { latin1 } from './structure-traps.ts'
import { createFileTally, raise } from './tally.ts'
import type { FileTruth } from './truth.ts'

/** One session: of a user who has no other on that day. */
type Session = { readonly user: string; readonly at: number }

/** The first row is the session's own or takes its place; `counts` when it makes its user active. */
type SessionTrap = {
  readonly name: string
  readonly counts: boolean
  plant(session: Session): readonly PlannedRow[]
}

export type SessionParts = {
  readonly names: Names
  /** The trap in this place of the file, if there is one. */
  trapAt(place: number): SessionTrap | undefined
  readonly traps: Map<string, number>
  key(): number
}
export type SessionSettings = {
  readonly sessions: number
  /** Users below `users` have sessions; the buyers among them are a part. */
  readonly users: number
  readonly firstDay_s: number
  readonly days: number
  /** `wide`: another order, and a column that nobody asked for. */
  readonly shape: 'narrow' | 'wide'
}

const DAY_S = 86_400
const HOUR_S = 3_600
const COMMA = 44
const PLATFORMS = [Buffer.from(',android,'), Buffer.from(',ios,')] as const

const row = ({ user, at }: Session, change: Partial<PlannedRow> & { time?: string } = {}) => ({
  line: change.line ?? `${change.time ?? timeText(at)},android,${user}`,
  fate: change.fate ?? ('kept' as const),
})
const trap = (
  name: string,
  counts: SessionTrap['counts'],
  plant: SessionTrap['plant'],
): SessionTrap => ({ name: `sessions/${name}`, counts, plant })

const zoned = (at: number, offset_s: number, zone: string): string =>
  `${dayText(at + offset_s)} ${clockText(at + offset_s)}${zone}`

/** All in the wide shape: `event_timestamp_utc,platform,user_id`. */
export const SESSION_CELL_TRAPS: readonly SessionTrap[] = [
  trap('same-row-twice', true, (one) => [row(one), row(one, { fate: 'duplicate' })]),
  trap('second-session-of-a-day', true, (one) => [row(one), row({ ...one, at: one.at + 60 })]),
  trap('user-spaces-around', true, (one) => [row({ ...one, user: ` ${one.user} ` })]),
  trap('user-blank', false, (one) => [
    row({ ...one, user: ' ' }, { fate: { rejected: 'empty-user-id' } }),
  ]),
  trap('time-blank', false, (one) => [
    row(one, { time: '', fate: { rejected: 'unreadable-time' } }),
  ]),
  trap('time-impossible', false, (one) => [
    row(one, { time: '2026-13-01T00:00:00Z', fate: { rejected: 'unreadable-time' } }),
  ]),
  trap('time-no-zone', true, (one) => [row(one, { time: zoned(one.at, 0, '') })]),
  // Another day on the wall than in UTC.
  trap('time-far-east', true, (one) => [row(one, { time: zoned(one.at, 14 * HOUR_S, '+14:00') })]),
  trap('time-far-west', true, (one) => [row(one, { time: zoned(one.at, -11 * HOUR_S, '-11:00') })]),
]

export const SESSION_STRUCTURE_TRAPS: readonly SessionTrap[] = [
  trap('quoted-newline', true, (one) => [
    row(one, { line: `${timeText(one.at)},"and\nroid",${one.user}` }),
  ]),
  trap('short-row', false, (one) => [
    row(one, { line: timeText(one.at), fate: { rejected: 'wrong-cell-count' } }),
  ]),
  trap('long-row', false, (one) => [
    row(one, {
      line: `${timeText(one.at)},ios,${one.user},,`,
      fate: { rejected: 'wrong-cell-count' },
    }),
  ]),
  trap('invalid-utf8', false, (one) => [
    row(one, {
      line: latin1(`${timeText(one.at)},t\xe9l\xe9,${one.user}`),
      fate: { rejected: 'invalid-utf8' },
    }),
  ]),
  trap('nul-byte', false, (one) => [
    row(one, { line: `${timeText(one.at)},\0,${one.user}`, fate: { rejected: 'nul-byte' } }),
  ]),
  trap('blank-lines-before', true, (one) => [
    row(one, { line: `\n\n${timeText(one.at)},ios,${one.user}` }),
  ]),
  trap('carriage-return-at-one-line', true, (one) => [
    row(one, { line: `${timeText(one.at)},ios,${one.user}\r` }),
  ]),
]

/** More than the 1 MiB that a line may have. */
export const LONG_LINE: SessionTrap = trap('line-too-long', false, (one) => [
  row(one, {
    line: `${timeText(one.at)},${'x'.repeat(1_100_000)},${one.user}`,
    fate: { rejected: 'line-too-long' },
  }),
])

/** Writes the file, and says where its rows end and how many users were active on the last day. */
export async function writeSessions(
  path: string,
  parts: SessionParts,
  settings: SessionSettings,
): Promise<{ readonly truth: FileTruth; readonly dau: number }> {
  const { names, key } = parts
  const tally = createFileTally()
  const lastDay_s = settings.firstDay_s + (settings.days - 1) * DAY_S
  const read = createReader(settings, key)
  const putInstant = createInstantWriter(dayText(settings.firstDay_s), settings.days)
  const next = createWalk(settings.sessions, key())
  let left = settings.sessions
  let dau = 0
  const step = (out: CsvBytes): 'more' | 'done' => {
    const place = next()
    const { user, at } = read(place)
    const planted = parts.trapAt(place)
    if (at >= lastDay_s && planted?.counts !== false) dau += 1
    if (planted === undefined) {
      tally.add('kept')
      putSession(out, { user, at })
    } else {
      raise(parts.traps, planted.name)
      for (const { line, fate } of planted.plant({ user: names.user(user), at })) {
        tally.add(fate)
        putText(out, line)
        putLineEnd(out)
      }
    }
    left -= 1
    return left > 0 ? 'more' : 'done'
  }
  const putSession = (out: CsvBytes, { user, at }: { user: number; at: number }): void => {
    if (settings.shape === 'narrow') {
      names.putUser(out, user)
      putByte(out, COMMA)
      putInstant(out, at)
    } else {
      putInstant(out, at)
      putBytes(out, PLATFORMS[(user & 1) as 0 | 1])
      names.putUser(out, user)
    }
    putLineEnd(out)
  }
  const { shape } = settings
  const head =
    shape === 'narrow' ? 'user_id,event_timestamp_utc' : 'event_timestamp_utc,platform,user_id'
  await writeCsv(path, { head, step })
  return { truth: tally.truth(), dau }
}

/** The n-th session of a user is on the n-th day after the first one, so no day has two. */
function createReader({ users, days, firstDay_s }: SessionSettings, key: () => number) {
  const keys = { day: key(), time: key() }
  const session = { user: 0, at: 0 }
  return (place: number): Readonly<typeof session> => {
    const turn = Math.floor(place / users)
    session.user = place - turn * users
    const day = (below(mix(session.user, keys.day), days) + turn) % days
    // Not at the very end of a day: a second session a minute later is on the same one.
    session.at = firstDay_s + day * DAY_S + below(mix(place, keys.time), DAY_S - HOUR_S)
    return session
  }
}
