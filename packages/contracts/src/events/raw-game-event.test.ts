import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { fromRawGameEvent, isRawGameEvent, playerIdOf } from './raw-game-event.ts'

const anInit = (changes: Readonly<Record<string, unknown>> = {}) => ({
  'event-type': 'init',
  time: 1_765_329_600,
  'user-id': 'u1',
  country: 'PT',
  platform: 'ios',
  ...changes,
})
const eventOf = (json: unknown) => {
  const read = fromRawGameEvent(json)
  if (read.kind !== 'event') throw new Error(`${read.code} ${read.path}`)
  return read.event
}

describe('a raw event', () => {
  it('gets our names beside its own', () => {
    expect(eventOf(anInit())).toEqual({
      event_type: 'init',
      occurred_at: '2025-12-10T01:20:00.000Z',
      player_id: 'u1',
      ...anInit(),
    })
  })

  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [99_999_999_999, '5138-11-16T09:46:39.000Z'],
    [100_000_000_000, '1973-03-03T09:46:40.000Z'],
    [1_765_329_600_123, '2025-12-10T01:20:00.123Z'],
    [253_402_300_799_999, '9999-12-31T23:59:59.999Z'],
  ])('at %d was at %s', (time, occurred_at) => {
    expect(eventOf(anInit({ time }))).toMatchObject({ occurred_at })
  })

  it.each([
    -1,
    1.5,
    253_402_300_800_000,
    Number.MAX_SAFE_INTEGER + 1,
    '1765329600',
    null,
    undefined,
  ])('at %s is rejected', (time) => {
    expect(fromRawGameEvent(anInit({ time }))).toEqual({
      kind: 'rejected',
      code: 'schema',
      path: '/time',
    })
  })

  it('names its player as text, and a match names none', () => {
    expect(eventOf(anInit({ 'user-id': 7 }))['player_id']).toBe('7')
    expect(eventOf({ 'event-type': 'match', time: 1, 'user-a': 'a' })).not.toHaveProperty(
      'player_id',
    )
    expect(playerIdOf({ player_id: 'p', 'user-id': 7 })).toBe('p')
    expect(playerIdOf({ 'user-id': 2 ** 53 })).toBeNull()
    expect(playerIdOf({ 'user-id': ['7'] })).toBeNull()
  })

  it('is of its own type and time, whatever else it says of them', () => {
    const event = eventOf(anInit({ event_type: 'match', occurred_at: 'never', player_id: null }))
    expect(event).toMatchObject({
      event_type: 'init',
      occurred_at: '2025-12-10T01:20:00.000Z',
      player_id: 'u1',
    })
  })

  it('keeps an id that it brought', () => {
    const event_id = '3f2504e0-4f89-41d3-9a0c-0305e82c3301'
    expect(eventOf(anInit({ event_id }))).toMatchObject({ event_id })
  })

  it.each(['purchase', 'Init', '', 7, null, undefined])('of the type %j is unknown', (type) => {
    expect(fromRawGameEvent(anInit({ 'event-type': type }))).toMatchObject({
      kind: 'rejected',
      code: 'unknown-event-type',
      path: '/event-type',
    })
  })

  it('is told from one with an envelope', () => {
    expect(isRawGameEvent(anInit())).toBe(true)
    expect(isRawGameEvent({ ...anInit(), event_type: 'init' })).toBe(false)
    expect(isRawGameEvent([anInit()])).toBe(false)
    expect(isRawGameEvent(null)).toBe(false)
  })
})

test('any JSON is an event or is rejected, and nothing that it brought is lost', () => {
  const fields = fc.record(
    {
      'event-type': fc.constantFrom('init', 'match', 'in-app-purchase', 'other'),
      time: fc.oneof(fc.maxSafeInteger(), fc.double(), fc.string()),
      'user-id': fc.jsonValue(),
      other: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(fields, fc.jsonValue()), (json) => {
      const read = fromRawGameEvent(json)
      if (read.kind === 'event') expect(read.event).toMatchObject(json as object)
      else expect(['invalid-event', 'unknown-event-type', 'schema']).toContain(read.code)
    }),
  )
})
