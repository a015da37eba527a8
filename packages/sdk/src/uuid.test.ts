import fc from 'fast-check'
import { expect, it } from 'vitest'
import { machineOf } from './host.ts'
import { uuidv7 } from './uuid.ts'

const V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const CHANCE_MAX = 1 - 2 ** -52

it('is a UUIDv7 of its time, whatever the clock and chance say', () => {
  const chance = fc.oneof(fc.constantFrom(0, CHANCE_MAX), fc.double({ min: 0, max: CHANCE_MAX }))
  const time = fc.oneof(fc.integer({ min: -1, max: 2 ** 48 - 1 }), fc.double({ min: 0, max: 1e13 }))
  fc.assert(
    fc.property(time, fc.infiniteStream(chance.filter(Number.isFinite)), (at, chances) => {
      const id = uuidv7({ now: () => at, random: () => chances.next().value ?? 0 })
      const [, high = '', low = ''] = V7.exec(id) ?? []
      expect(Number.parseInt(high + low, 16)).toBe(Math.max(0, Math.floor(at)))
    }),
  )
})

it('is another one each time, and every one of its random digits moves', () => {
  const ids = Array.from({ length: 2_000 }, () => uuidv7({ ...machineOf(), now: () => 0 }))
  expect(new Set(ids).size).toBe(ids.length)
  // Of the 36 characters, time and version stand still, and the variant has four values.
  const values = Array.from({ length: 36 }, (_, at) => new Set(ids.map((id) => id[at])).size)
  expect(values.slice(15)).toEqual([16, 16, 16, 1, 4, 16, 16, 16, 1, ...Array(12).fill(16)])
})
