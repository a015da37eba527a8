import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { verdictOf } from '../bench/harness/figures.ts'
import { figuresOf } from '../bench/reports/program-figures.ts'
import { findYardsticks, type Measured } from '../bench/reports/programs.ts'
import { type Size, sizesOf } from '../bench/reports/sizes.ts'
import { timeProcess } from '../bench/reports/timed-process.ts'

const node = (script: string) => ({
  file: process.execPath,
  args: ['--expose-gc', '-e', script],
})

describe('timeProcess', () => {
  it('tells time, CPU time and the peak of memory of a process and of its stages', async ({
    skip,
  }) => {
    if (!existsSync('/proc/self/clear_refs')) return skip('this system has no /proc')
    const timed = await timeProcess({
      ...node(`
        const nap = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150)
        console.error('large')
        nap()
        let block = Buffer.alloc(200e6, 1)
        const until = process.cpuUsage().user + 300_000
        while (process.cpuUsage().user < until);
        block = undefined
        gc()
        nap()
        console.error('small')
        nap()
        console.log('done')`),
      markOf: (line) => ({ begun: line }),
    })
    expect(timed.output).toBe('done\n')
    expect(timed.seconds).toBeGreaterThan(0.7)
    expect(timed.cpuSeconds).toBeGreaterThan(0.3)
    expect(timed.stagePeaksMb['large']).toBeGreaterThan(220)
    expect(timed.stagePeaksMb['small']).toBeLessThan(150)
    expect(timed.peakMb).toBe(timed.stagePeaksMb['large'])
  })

  it('fails with what the process said', async () => {
    await expect(timeProcess(node('console.error("no luck"); process.exit(3)'))).rejects.toThrow(
      /ended with 3:\nno luck/,
    )
  })
})

const SIZE: Size = {
  ...{ name: '1k', label: '1 K', purchases: 1_000, rounds: 2 },
  aims: { pandas: { floor: 2, target: 4 }, polars: { floor: 1, target: 2 } },
}
const took = (...seconds: readonly number[]): Measured[] =>
  seconds.map((each) => ({
    ...{ seconds: each, cpuSeconds: each, peakMb: 100 },
    ...{ stages: { read: each / 2 }, stagePeaksMb: { read: 90 } },
  }))

describe('the figures of the reports', () => {
  it('are ratios round by round, to each of the others', () => {
    const results = {
      questline: took(1, 2),
      pandas: took(9, 9),
      'pandas --arrow': took(3, 6),
      Polars: took(0.5, 1),
    }
    const figures = figuresOf(SIZE, results).filter(({ unit }) => unit === 'x')
    expect(figures.map((figure) => [figure.name, figure.median, verdictOf(figure)])).toEqual([
      ['1 K: times faster than pandas', 6.75, 'target met'],
      ['1 K: times faster than pandas --arrow', 3, 'floor met'],
      ['1 K: times faster than Polars', 0.5, 'below the floor'],
    ])
    expect(figures[1]?.notes).toEqual([
      '3.00 × by CPU time',
      '1.50 × if the start of Python is not counted and ours is',
    ])
  })

  it('are ours alone where there is no Python', () => {
    const { found, skipped } = findYardsticks('/nowhere/python')
    expect(found).toEqual([])
    expect(skipped).toHaveLength(3)
    expect(figuresOf(SIZE, { questline: took(1) })).toMatchObject([{ unit: 's', median: 1 }])
  })
})

describe('sizesOf', () => {
  it('takes known names in any order and refuses others', () => {
    expect(sizesOf('1M,10k').map(({ name }) => name)).toEqual(['10k', '1m'])
    expect(() => sizesOf('10k,2m')).toThrow('--sizes takes 10k, 1m, 10m, not "2m"')
  })
})
