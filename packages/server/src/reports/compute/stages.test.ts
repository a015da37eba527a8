import { describe, expect, it } from 'vitest'
import { createStages, type Stage } from './stages.ts'

const NAMES: readonly Stage[] = [
  'reading purchases',
  'reading confirmations, costs and sessions',
  'numbering players',
  'matching purchases and confirmations',
  'writing the reports',
]

/** Stages, what they showed, and a clock that is told how many milliseconds pass. */
function begun() {
  const shown: (readonly [string, number])[] = []
  const written = (): void => undefined
  const stage = (label: string, done: number): void => void shown.push([label, done])
  let nowMs = 5_000
  const pass = (ms: number): void => {
    nowMs += ms
  }
  return { stages: createStages({ stage, written }, () => nowMs), shown, pass }
}

describe('progress', () => {
  it('begins at nothing and grows with each stage', () => {
    const { stages, shown } = begun()
    for (const name of NAMES) stages.begin(name)
    expect(shown.map(([label]) => label)).toEqual(NAMES)
    const shares = shown.map(([, done]) => done)
    expect(shares[0]).toBe(0)
    expect(new Set(shares).size).toBe(NAMES.length)
    expect(shares.toSorted((a, b) => a - b)).toEqual(shares)
  })

  it('is of the whole: half of a stage is half of its share', () => {
    const { stages, shown } = begun()
    stages.begin('reading purchases')
    stages.at(0.5)
    stages.at(1)
    stages.begin('reading confirmations, costs and sessions')
    const [, half, end, next] = shown.map(([, done]) => done)
    expect(end).toBe(next)
    expect(half).toBeCloseTo((end ?? 0) / 2)
  })

  it('never goes back: a file that is read again stands still until it is further', () => {
    const { stages, shown } = begun()
    stages.begin('reading purchases')
    for (const done of [0.5, 1, 0.5, 0.75, 1]) stages.at(done)
    stages.begin('reading confirmations, costs and sessions')
    for (const done of [0.2, 0, 0.1, 0.3]) stages.at(done)
    const shares = shown.map(([, done]) => done)
    expect(shares.toSorted((a, b) => a - b)).toEqual(shares)
  })

  it('stands still while the work is done anew, and the time is that of the second attempt', () => {
    const { stages, shown, pass } = begun()
    stages.begin('reading purchases')
    stages.at(1)
    pass(50)
    stages.restart()
    pass(5)
    for (const name of NAMES) {
      stages.begin(name)
      stages.at(1)
      pass(1)
    }
    const shares = shown.map(([, done]) => done)
    expect(shares.toSorted((a, b) => a - b)).toEqual(shares)
    expect(shares.at(-1)).toBeCloseTo(1)
    expect(stages.finish()).toEqual(Object.fromEntries(NAMES.map((name) => [name, 1])))
  })

  it('ends at 1 at most', () => {
    const { stages, shown } = begun()
    for (const name of NAMES) {
      stages.begin(name)
      stages.at(1)
    }
    const end = shown.at(-1)?.[1]
    expect(end).toBeLessThanOrEqual(1)
    expect(end).toBeCloseTo(1)
  })

  it('is nothing before the first stage', () => {
    const { stages, shown } = begun()
    stages.at(0.5)
    expect(shown).toEqual([])
  })
})

describe('durations', () => {
  it('are whole milliseconds by stage, each until the next begins', () => {
    const { stages, pass } = begun()
    pass(900)
    stages.begin('reading purchases')
    pass(30.4)
    stages.at(1)
    pass(10)
    stages.begin('numbering players')
    pass(7)
    expect(stages.finish()).toEqual({ 'reading purchases': 40, 'numbering players': 7 })
  })
})
