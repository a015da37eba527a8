import { describe, expect, it } from 'vitest'
import type { LakeFile } from './manifest.ts'
import { mergesOf } from './merges.ts'

const DAY = '2026-03-01'

/** One after the other, each of so many rows. */
function filesOf(rows: readonly number[], { level = 0, date = DAY, from = 1 } = {}): LakeFile[] {
  let next = from
  return rows.map((count) => {
    const offsets = { first: next, last: next + count - 1 }
    next += count
    const path = `events-raw/date=${date}/${offsets.first}-${offsets.last}.parquet`
    const shape = { bytes: 1, sha256: '', received_max: 0 }
    return { topic: 'events-raw', path, date, ...offsets, rows: count, ...shape, level }
  })
}
const many = (count: number, rows: number): number[] => Array.from({ length: count }, () => rows)
const sizes = (files: readonly LakeFile[], all = false) =>
  mergesOf(files, all).map((parts) => parts.map(({ rows }) => rows))

describe('files are merged', () => {
  it('by 24 neighbours where they are small, and not before', () => {
    expect(sizes(filesOf(many(23, 100)))).toEqual([])
    expect(sizes(filesOf(many(50, 100)))).toEqual([many(24, 100), many(24, 100)])
  })

  it('as soon as a million rows are together, and never more than that', () => {
    expect(sizes(filesOf(many(5, 200_000)))).toEqual([])
    expect(sizes(filesOf(many(11, 200_000)))).toEqual([many(5, 200_000), many(5, 200_000)])
    expect(sizes(filesOf(many(3, 400_000)))).toEqual([many(2, 400_000)])
  })

  it('not alone, however large', () => {
    expect(sizes(filesOf([600_000, 700_000, 2_000_000, 800_000]))).toEqual([])
  })

  it('with those that were merged as often', () => {
    const merged = filesOf(many(2, 400_000), { level: 1 })
    const small = filesOf(many(2, 400_000), { from: 800_001 })
    expect(sizes([...merged, ...small])).toEqual([])
  })

  it('within their day', () => {
    const next = filesOf(many(12, 100), { date: '2026-03-02', from: 1_201 })
    expect(sizes([...filesOf(many(12, 100)), ...next])).toEqual([])
  })

  it('where there are two in a day, whatever they are, when all are asked for', () => {
    const merged = filesOf([300_000], { level: 1 })
    const small = filesOf([1, 2, 900_000], { from: 300_001 })
    expect(sizes([...merged, ...small], true)).toEqual([[300_000, 1, 2]])
  })
})
