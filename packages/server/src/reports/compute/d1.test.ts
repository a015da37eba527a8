import { describe, expect, it } from 'vitest'
import { rowsOf } from '../../../../../tests/reports/row-builders.ts'
import { chooseD1, newestDays } from './d1.ts'

/** Today, in days since 1970. */
const TODAY = 20_522
const YESTERDAY = TODAY - 1

const costOn = (day: number) => ({ day, campaign: 'SPRING', micros: 1n })
const chosen = (
  days: readonly number[],
  costs: readonly number[] = [],
  asked: number | null = null,
) => {
  const { day, reason } = chooseD1(asked, TODAY, days, costs.map(costOn))
  return [day, reason]
}

describe('D-1', () => {
  it('is the day that was asked for, whatever the data', () => {
    expect(chosen([TODAY, YESTERDAY], [], 7)).toEqual([7, 'asked'])
    expect(chosen([], [], TODAY + 9)).toEqual([TODAY + 9, 'asked'])
    expect(chosen([], [], 0)).toEqual([0, 'asked'])
  })

  it.each([
    ['yesterday', [YESTERDAY, 3]],
    ['today, which is unfinished', [TODAY, 3]],
    ['today alone', [TODAY]],
    ['yesterday alone', [YESTERDAY]],
  ])('is yesterday when the newest purchases are of %s', (_name, days) =>
    expect(chosen(days, [TODAY])).toEqual([YESTERDAY, 'yesterday']),
  )

  it('is the second newest day of older data: the newest is taken as unfinished', () =>
    expect(chosen([TODAY - 2, TODAY - 30])).toEqual([TODAY - 30, 'second-newest-day']))

  it('is the only day of older data of one day', () =>
    expect(chosen([TODAY - 2], [TODAY - 3])).toEqual([TODAY - 2, 'only-day']))

  it('is the newest day with costs where nothing was sold, also one to come', () => {
    expect(chosen([], [5, 9, 7])).toEqual([9, 'newest-cost-day'])
    expect(chosen([], [5, TODAY + 3])).toEqual([TODAY + 3, 'newest-cost-day'])
  })

  it('is yesterday where there is nothing', () =>
    expect(chosen([])).toEqual([YESTERDAY, 'no-data']))
})

describe('the two newest days with purchases', () => {
  const DAY_SECONDS = 86_400
  const newest = (instants: readonly number[], dropped: readonly number[] = []) => {
    const marks = Uint8Array.from(instants, (_value, rank) => Number(dropped.includes(rank)))
    return newestDays(rowsOf(instants.map((at) => ({ at }))), marks, 10)
  }

  it('come newest first, each once, from midnight to midnight in UTC', () => {
    const at = [3, 5, 5.5, 7, 7.999].map((day) => day * DAY_SECONDS)
    expect(newest(at)).toEqual([7, 5])
    expect(newest([5 * DAY_SECONDS - 0.000001, 5 * DAY_SECONDS])).toEqual([5, 4])
  })

  it('may be today, and none after it', () => {
    const at = [3, 10, 11, 40].map((day) => day * DAY_SECONDS)
    expect(newest(at)).toEqual([10, 3])
    expect(newest([11 * DAY_SECONDS])).toEqual([])
  })

  it('are days of kept purchases', () =>
    expect(
      newest(
        [3, 4, 5].map((day) => day * DAY_SECONDS),
        [1],
      ),
    ).toEqual([5, 3]))

  it('are one, or none, where there are no more', () => {
    expect(newest([0, 1])).toEqual([0])
    expect(newest([])).toEqual([])
  })
})
