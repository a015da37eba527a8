import { describe, expect, it } from 'vitest'
import { FLAT_MAX, rise, verdictOn } from '../bench/soak/verdict.ts'
import { createSeededRandom } from '../packages/server/src/simulate/simulate.ts'

const SAMPLES = 40
const samples = (value: (i: number) => number) =>
  Array.from({ length: SAMPLES }, (_, i) => value(i))

/** What a flat server shows: its lows differ by some hundredths. */
function noisy(value: (i: number) => number, seed: string): number[] {
  const random = createSeededRandom(seed)
  return samples((i) => value(i) * (1 + (random.bytes(1).readUInt8() / 255 - 0.5) * 0.06))
}

describe('the verdict of a soak', () => {
  it('is flat where memory stays, however it grew before and whatever peaks come', () => {
    const plateau = samples((i) => Math.min(400, 200 + i * 20))
    expect(rise(plateau)).toBe(1)
    const peaks = plateau.map((value, i) => (i % 7 === 0 ? value * 3 : value))
    expect(rise(peaks)).toBeCloseTo(1, 5)
    for (let n = 0; n < 20; n += 1) expect(rise(noisy(() => 400, `${n}`))).toBeLessThan(FLAT_MAX)
  })

  it('is not flat where a hundredth leaks with every second sample', () => {
    const leaking = (i: number) => 400 + i * 2
    expect(rise(samples(leaking))).toBeCloseTo(478 / 440, 10)
    for (let n = 0; n < 20; n += 1) {
      expect(rise(noisy(leaking, `${n}`))).toBeGreaterThan(FLAT_MAX)
    }
  })

  it('names what grew, and the rule', () => {
    const handles = { name: 'file handles', values: samples(() => 90) }
    const flat = { name: 'memory', values: samples(() => 400) }
    expect(verdictOn([flat, handles])).toMatch(
      /^\*\*flat\*\*: memory 1\.000 ×, file handles 1\.000 ×/,
    )
    const leaking = { name: 'memory', values: samples((i) => 400 + i * 4) }
    expect(verdictOn([leaking, handles])).toMatch(
      /^\*\*NOT flat\*\*: memory 1\.158 ×, .*up to 1\.05 × is flat$/,
    )
  })

  it('is none of so few samples that anything would fit', () => {
    expect(rise([1, 2, 3])).toBeNaN()
    expect(verdictOn([{ name: 'memory', values: [1, 2, 3] }])).toMatch(/^\*\*NOT flat/)
  })
})
