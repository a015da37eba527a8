import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { behind, newestPosition, nextChanges } from '../../packages/server/src/windows/windows.ts'
import { NOON } from './game-log.ts'
import { WRITERS_OF_MINUTES, type WriterOfMinutes } from './writers-of-minutes.ts'

const MINUTE = 60_000
const ALL = { app: null, country: null, platform: null, metric: null } as const
const FORWARDS = Array.from({ length: 70 }, (_, n) => n)
const BACKWARDS = FORWARDS.toReversed()

describe.each(WRITERS_OF_MINUTES)('minutes that $name, has changed', ({ open }) => {
  let writer: WriterOfMinutes
  beforeAll(async () => {
    writer = await open()
  })
  afterAll(() => writer.close())
  const follow = async (from: number) => {
    const ids: (number | null)[] = []
    const starts: number[] = []
    for (let position = behind(from); ; ) {
      const changes = await nextChanges(writer.analytics.read, position, ALL)
      const last = changes.at(-1)
      if (!last) return { ids, starts }
      ids.push(...changes.map(({ id }) => id))
      starts.push(...changes.map(({ window }) => ((window?.start ?? 0) - NOON) / MINUTE))
      position = last.position
    }
  }

  it('come in the order of their changes, each with the id up to which nothing is missing', async () => {
    await writer.each(BACKWARDS)
    const { ids, starts } = await follow(0)
    expect(ids).toEqual(Array.from({ length: 70 }, (_, n) => n + 1))
    expect(starts).toEqual(BACKWARDS)
    expect((await follow(68)).starts).toEqual([1, 0])
  })

  it('together have their id on the last of them alone', async () => {
    await writer.together(FORWARDS)
    const { ids, starts } = await follow(70)
    expect(starts).toEqual(FORWARDS)
    // A client that is cut off within them comes back with an older id, and gets them all again.
    expect(ids).toEqual([...Array.from({ length: 69 }, () => null), 71])
  })

  it('begin for a new follower with an hour of them', async () => {
    const { read } = writer.analytics
    const changes = await nextChanges(read, await newestPosition(read), ALL)
    expect(changes).toHaveLength(60)
    expect(changes.at(-1)?.window).toMatchObject({ revenue_usd_micros: 1_500_000 })
  })
})
