import { expect, it } from 'vitest'
import type { Inputs } from './inputs.ts'
import { assertPartsFit, planMemory } from './memory-plan.ts'

/** Files as large as those of so many purchases. */
function inputsOf(purchases: number): Inputs {
  const input = (rows: number, lineBytes: number) => ({
    ...{ path: '', delimiter: ',', rows, bytes: rows * lineBytes },
  })
  const confirmations = { player: 0, time: 1, amount: 2, receipt: 3 }
  const columns = { ...confirmations, event: 4, campaign: 5, status: 6, eventValue: null }
  return {
    purchases: { ...input(purchases, 110), columns },
    confirmations: { ...input(purchases * 0.85, 60), columns: confirmations },
    costs: { ...input(700, 30), columns: { day: 0, campaign: 1, amount: 2 } },
    sessions: { ...input(purchases, 45), columns: { user: 0, time: 1, isDay: false } },
  }
}

const parts = (purchases: number, memoryLimitMb: number): number =>
  planMemory(inputsOf(purchases), { memoryLimitMb })

it('rows that fit stay in memory: a million in 512 MB, ten million in the usual 4 GB', () => {
  expect(parts(1_000_000, 512)).toBe(0)
  expect(parts(10_000_000, 4_096)).toBe(0)
})

it('rows that do not fit are spilled, in more parts the more there are', () => {
  expect(parts(1_000_000, 256)).toBeGreaterThanOrEqual(4)
  expect(parts(10_000_000, 1_024)).toBeGreaterThanOrEqual(4)
  expect(parts(10_000_000, 256)).toBeGreaterThan(parts(1_000_000, 256))
  // Each part has its pages in memory too, so that there is a bound.
  expect(parts(10_000_000_000, 192)).toBe(256)
})

it('players whose rows do not fit together end the run before the work, with the setting', () => {
  const check = (most: number) => () => assertPartsFit([10, most, 20], { memoryLimitMb: 256 })
  expect(check(470_000)).not.toThrow()
  expect(check(480_000)).toThrow(
    /^one player, or a few, have 480000 rows, which need some 258 MB at once: set REPORTS_MEMORY_MB to as much, it is 256$/,
  )
})
