import { expect, it } from 'vitest'
import { createGathering } from './gathering.ts'

const MINUTE = 60_000

function gatheringAt(begin: number) {
  const time = { now: begin }
  const clock = { monotonic: () => time.now }
  return { time, gathering: createGathering(clock, { batchEvents: 100, batchMs: MINUTE }) }
}

it('waits for the oldest event, for many, or for whoever asks', () => {
  const { time, gathering } = gatheringAt(5)
  expect(gathering.isDue(1, 0, 10)).toBe(false)
  expect(gathering.isDue(100, 0, 10)).toBe(true)
  expect(gathering.isDue(1, 11, 10)).toBe(true)
  time.now += MINUTE
  expect(gathering.isDue(1, 0, 10)).toBe(true)
})

it('counts what has come while a batch was written as waiting since that began', () => {
  const { time, gathering } = gatheringAt(0)
  time.now += MINUTE
  gathering.reset(1)
  expect(gathering.isDue(1, 0, 10)).toBe(false)
  time.now += 1
  expect(gathering.isDue(1, 0, 10)).toBe(true)
})

it('counts nothing while nothing is pending', () => {
  const { time, gathering } = gatheringAt(0)
  gathering.reset(0)
  time.now += 2 * MINUTE
  expect(gathering.isDue(0, 0, 10)).toBe(false)
  expect(gathering.isDue(1, 0, 11)).toBe(false)
})
