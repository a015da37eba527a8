import fc from 'fast-check'
import { expect, it } from 'vitest'
import { countSessions } from './sessions.ts'

const MARCH_10 = 20_522
const DAY_MICROS = 86_400_000_000
const MIDNIGHT = MARCH_10 * DAY_MICROS

type Session = readonly [user: number, instant: number]

function counted(sessions: readonly Session[]) {
  return countSessions({
    count: sessions.length,
    // As they come, with room behind the last.
    users: Int32Array.from([...sessions.map(([user]) => user), 7]),
    instants: Float64Array.from([...sessions.map(([, instant]) => instant), 7]),
    userCount: Math.max(-1, ...sessions.map(([user]) => user)) + 1,
  })
}

it('users are counted once a day, from its first microsecond to its last', () => {
  const sessions: Session[] = [
    [0, MIDNIGHT - 1],
    [0, MIDNIGHT],
    [0, MIDNIGHT + 5],
    [1, MIDNIGHT + DAY_MICROS - 1],
    [1, MIDNIGHT + DAY_MICROS],
  ]
  expect(counted(sessions)).toEqual({
    ...{ kept: 5, duplicates: 0 },
    users: new Map([
      [MARCH_10 - 1, 1],
      [MARCH_10, 2],
      [MARCH_10 + 1, 1],
    ]),
  })
})

it('the same user at the same instant is one', () => {
  const sessions: Session[] = [
    [0, MIDNIGHT],
    [1, MIDNIGHT],
    [0, MIDNIGHT + 1],
    [0, MIDNIGHT],
  ]
  expect(counted(sessions)).toEqual({ kept: 3, duplicates: 1, users: new Map([[MARCH_10, 2]]) })
})

it('a file of no rows has no users', () =>
  expect(counted([])).toEqual({ kept: 0, duplicates: 0, users: new Map() }))

it('any sessions are counted as sets count them', () => {
  const session = fc.tuple(
    fc.nat(4),
    fc.nat(12).map((hours) => MIDNIGHT + hours * 0.25 * DAY_MICROS),
  )
  fc.assert(
    fc.property(fc.array(session, { maxLength: 80 }), (sessions) => {
      const distinct = new Set(sessions.map(String))
      const days = new Map<number, Set<number>>()
      for (const [user, instant] of sessions) {
        const day = Math.floor(instant / DAY_MICROS)
        days.set(day, (days.get(day) ?? new Set()).add(user))
      }
      const { kept, duplicates, users } = counted(sessions)
      expect([kept, duplicates]).toEqual([distinct.size, sessions.length - distinct.size])
      expect(users).toEqual(new Map([...days].map(([day, own]) => [day, own.size])))
    }),
  )
})
