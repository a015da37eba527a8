import { expect, it } from 'vitest'
import { createLargest } from './largest.ts'

/** The ranks of the largest two of these sizes. */
function largestOf(...sizes: readonly number[]): readonly number[] {
  const largest = createLargest<number>(2)
  for (const [rank, size] of sizes.entries()) largest.offer(size, rank)
  largest.keep((rank) => rank)
  return largest.kept()
}

it('the largest come first, as many as are wanted', () => {
  expect(largestOf(3, 9, 5, 7)).toEqual([1, 3])
  expect(largestOf(9, 1, 2)).toEqual([0, 2])
  expect(largestOf(4)).toEqual([0])
  expect(largestOf()).toEqual([])
})

it('of equal ones those that were offered first', () => {
  expect(largestOf(5, 5, 5)).toEqual([0, 1])
  expect(largestOf(5, 7, 7, 7)).toEqual([1, 2])
  expect(largestOf(1, 5, 1, 5, 5)).toEqual([1, 3])
})

it('of rows that come in parts each is shown as it was in its own part', () => {
  const largest = createLargest<string>(2)
  for (const part of ['a', 'b']) {
    for (const [rank, size] of [3, 9, 5].entries()) largest.offer(size, rank)
    largest.keep((rank) => `${part}${rank}`)
  }
  expect(largest.kept()).toEqual(['a1', 'b1'])
})
