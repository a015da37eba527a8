import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Changes, newDevice, receive } from './intervals.ts'

type Counted = { readonly seq: number; readonly version: string }
type Totals = Readonly<Record<string, { readonly received: number; readonly lost: number }>>

/** Each number that is missing is blamed on the number before it, or on the first that came. */
function model(events: readonly Counted[]): Totals {
  const came = new Map<number, string>()
  for (const { seq, version } of events) if (!came.has(seq)) came.set(seq, version)
  const totals: Record<string, { received: number; lost: number }> = {}
  const of = (version: string) => {
    totals[version] ??= { received: 0, lost: 0 }
    return totals[version]
  }
  for (const version of came.values()) of(version).received += 1
  const first = Math.min(...came.keys())
  let before = came.get(first) ?? ''
  for (let seq = 1; seq <= Math.max(...came.keys()); seq += 1) {
    const version = came.get(seq)
    if (version === undefined) of(before).lost += 1
    else before = version
  }
  return totals
}

function counted(events: readonly Counted[]): Totals {
  const device = newDevice()
  const changes: Changes = new Map()
  for (const { seq, version } of events) receive(device, seq, version, changes)
  return Object.fromEntries(changes)
}

describe('the numbers that a device gives its events', () => {
  it('are received or lost as in a model that looks at each, in any order, repeated or not', () => {
    const event = fc.record({
      seq: fc.integer({ min: 1, max: 25 }),
      version: fc.constantFrom('1', '2', '3'),
    })
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 40 }), (events) => {
        expect(counted(events)).toEqual(model(events))
      }),
      { numRuns: 2_000 },
    )
  })

  it('a device that leaves a gap after each event takes no more room for it', () => {
    const device = newDevice()
    const changes: Changes = new Map()
    for (let n = 1; n <= 2_000; n += 1) receive(device, n * 2, 'v', changes)
    expect(device.intervals.length).toBeLessThanOrEqual(500)
    expect(changes.get('v')).toEqual({ received: 2_000, lost: 2_000 })
  })
})
