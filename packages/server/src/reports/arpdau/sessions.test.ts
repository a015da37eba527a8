import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { withLane } from '../../../../../tests/reports/lane.ts'
import type { SessionFindings } from '../inspect/inspect.ts'
import { readSessions, type SessionCounts } from './sessions.ts'

const MARCH_10 = 20_522
const PLAIN = { times: new Map<string, bigint | null>(), ids: new Map<string, string | null>() }

/** What is counted of a file of these lines, `user,time`, on March 9, 10 and 11. */
async function counted(
  lines: readonly string[],
  found: Pick<SessionFindings, 'times' | 'ids'> = PLAIN,
): Promise<{ readonly kept: number; readonly users: readonly (number | undefined)[] }> {
  let counts: SessionCounts = { kept: -1, duplicates: -1, users: new Map() }
  const days = [MARCH_10 - 1, MARCH_10, MARCH_10 + 1]
  await withLane(async ({ engine, folder }) => {
    const readPath = join(folder, 'sessions.csv')
    writeFileSync(readPath, ['user_id,event_timestamp_utc', ...lines, ''].join('\n'))
    const header = ['user_id', 'event_timestamp_utc']
    counts = await readSessions(
      engine,
      { readPath, delimiter: ',', parallel: true, header },
      { user: 0, time: 1, isDay: false },
      { ...found, filtered: new Map(), rejected: new Map(), records: 0, candidates: 0 },
      days,
    )
  })
  return { kept: counts.kept, users: days.map((day) => counts.users.get(day)) }
}

it('users are counted once a day, from its first microsecond to its last', async () => {
  const lines = [
    'ann,2026-03-09T23:59:59.999999Z',
    'ann,2026-03-10T00:00:00Z',
    'ann,2026-03-10T12:00:00Z',
    'bob,2026-03-10T23:59:59.999999Z',
    'bob,2026-03-11T00:00:00Z',
  ]
  expect(await counted(lines)).toEqual({ kept: 5, users: [1, 2, 1] })
})

it('the same user at the same instant is one session, however it is written', async () => {
  const lines = [
    ...['ann,2026-03-10T12:00:00Z', 'ann,2026-03-10 12:00:00', 'ann,2026-03-10T14:00:00+02:00'],
    'Ann,2026-03-10T12:00:00Z',
  ]
  expect(await counted(lines)).toEqual({ kept: 2, users: [0, 2, 0] })
})

it('times of odd shapes are looked up; rows without time or user do not count', async () => {
  const noon = BigInt(MARCH_10) * 86_400_000_000n + 43_200_000_000n
  const times = new Map([
    ['2026-03-10 12:00 UTC', noon],
    ['yesterday', null],
  ])
  const lines = [
    ...['ann,2026-03-10 12:00 UTC', ' ann ,2026-03-10T12:00:00Z'],
    ...['bob,yesterday', ' ,2026-03-10T12:00:00Z', 'N/A,2026-03-10T12:00:00Z'],
  ]
  const ids = new Map([
    [' ann ', 'ann'],
    [' ', null],
    ['N/A', null],
  ])
  expect(await counted(lines, { times, ids })).toEqual({ kept: 1, users: [0, 1, 0] })
})

it('a file of no rows has no users', async () =>
  expect(await counted([])).toEqual({ kept: 0, users: [0, 0, 0] }))
