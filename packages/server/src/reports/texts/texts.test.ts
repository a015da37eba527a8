import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compareTexts,
  createTextList,
  createTextNumbers,
  createTextQueue,
  hashBytes,
  textOf,
} from './texts.ts'

const NO_ROOM = { texts: 0, bytes: 0 }

const texts = fc.array(
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.constantFrom('', 'GPA.1', 'GPA.12', '\u0080', 'é', '😀', '\uffee'),
  ),
  { maxLength: 300 },
)
/** Amid other bytes, as in a file. */
const amid = (text: string) => {
  const bytes = Buffer.from(`x${text}y`)
  return [bytes, 1, bytes.length - 1] as const
}

function listOf(all: readonly string[]) {
  const list = createTextList({ texts: 1, bytes: 1 })
  for (const text of all) list.add(...amid(text))
  return list.texts()
}

describe('a list of texts', () => {
  it('has them as they were', () =>
    fc.assert(
      fc.property(texts, (all) => {
        const list = listOf(all)
        expect(all.map((_text, index) => textOf(list, index))).toEqual(all)
      }),
    ))

  it('compares them by their bytes, empty ones last', () =>
    fc.assert(
      fc.property(texts, (all) => {
        const list = listOf(all)
        for (let b = 1; b < all.length; b += 1) {
          const [one = '', two = ''] = [all[b - 1], all[b]]
          const byBytes = Buffer.compare(Buffer.from(one), Buffer.from(two))
          const expected = one === '' || two === '' ? two.length - one.length : byBytes
          expect(Math.sign(compareTexts(list, b - 1, b))).toBe(Math.sign(expected))
        }
      }),
    ))
})

describe('numbered texts', () => {
  it('have the number of their first coming', () =>
    fc.assert(
      fc.property(texts, (all) => {
        const numbers = createTextNumbers(NO_ROOM)
        const distinct = [...new Set(all)]
        expect(all.map((text) => numbers.numberOf(...amid(text)))).toEqual(
          all.map((text) => distinct.indexOf(text)),
        )
        expect(numbers.count).toBe(distinct.length)
        expect(distinct.map((_text, number) => textOf(numbers.texts(), number))).toEqual(distinct)
      }),
    ))

  it('have it too where many are asked for at once, or wait in a queue', () =>
    fc.assert(
      fc.property(texts, (all) => {
        const [one, together] = [createTextNumbers(NO_ROOM), createTextNumbers(NO_ROOM)]
        const queued = createTextNumbers(NO_ROOM)
        const expected = all.map((text) => one.numberOf(...amid(text)))
        const numbers = new Int32Array(all.length)
        const middle = all.length >> 1
        const list = listOf(all)
        together.numberAll(list, 0, middle, numbers)
        together.numberAll(list, middle, all.length, numbers.subarray(middle))
        expect([...numbers]).toEqual(expected)
        const found = new Map<number, number>()
        const queue = createTextQueue(queued, (row, number) => found.set(row, number))
        all.forEach((text, row) => {
          queue.add(row, ...amid(text))
        })
        queue.flush()
        expect(all.map((_text, row) => found.get(row))).toEqual(expected)
      }),
    ))

  it('may wait in a queue though they are longer than it', () => {
    const found = new Map<number, number>()
    const queue = createTextQueue(createTextNumbers(NO_ROOM), (row, n) => found.set(row, n))
    const long = 'x'.repeat(100_000)
    const all = ['a', long, 'b', long, ...Array.from({ length: 2_000 }, (_value, n) => `c${n % 3}`)]
    all.forEach((text, row) => {
      queue.add(row, ...amid(text))
    })
    queue.flush()
    expect([0, 1, 2, 3, 4, 5, 6, 2_003].map((row) => found.get(row))).toEqual([
      ...[0, 1, 2, 1],
      ...[3, 4, 5, 4],
    ])
  })

  it('may be many', () => {
    const numbers = createTextNumbers({ texts: 10, bytes: 10 })
    const numberOf = (n: number) => numbers.numberOf(...amid(`player-${n % 70_000}`))
    for (let n = 0; n < 70_000; n += 1) numberOf(n)
    for (let n = 70_000; n < 140_000; n += 1) expect(numberOf(n)).toBe(n - 70_000)
  })
})

describe('a hash', () => {
  const hashOf = (text: string) => {
    const halves = Int32Array.of(7, 7, 7, 7)
    hashBytes(...amid(text), halves, 1)
    expect([halves[0], halves[3]]).toEqual([7, 7])
    return `${halves[1]} ${halves[2]}`
  }

  it('is that of the text alone, and never 0', () => {
    expect(hashOf('GPA.1')).toBe(hashOf('GPA.1'))
    for (const text of ['', '\0', '\0\0\0\0', 'a']) expect(hashOf(text)).not.toBe('0 0')
  })

  it('differs for texts that differ in little', () => {
    const near = Array.from({ length: 200_000 }, (_value, n) => `GPA.0000-${n}`)
    const short = ['', 'a', 'b', 'ab', 'ba', 'a\0', '\0a', '\0', '\0\0', 'abcd', 'abcde', 'abcd\0']
    const all = [...near, ...short]
    expect(new Set(all.map(hashOf)).size).toBe(all.length)
  })

  it('has halves that are equal no more often than chance has it', () => {
    const halves = Array.from({ length: 200_000 }, (_value, n) => hashOf(`R${n}`).split(' '))
    for (const half of [0, 1]) {
      // 4.7 pairs of 200,000 share 32 bits by chance.
      const distinct = new Set(halves.map((own) => own[half])).size
      expect(200_000 - distinct).toBeLessThan(25)
    }
  })
})
