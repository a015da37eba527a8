import { ProblemError } from '@questline/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isBlank, readPostback } from './read-postback.ts'

const RECEIVED_AT = Date.UTC(2026, 2, 1, 12)
const read = (payload: Record<string, unknown>) => readPostback(payload, RECEIVED_AT)

describe('the type of the event', () => {
  it.each([
    ['purchase', 'af_purchase'],
    ['af_purchase', 'af_purchase'],
    ['install', 'af_install'],
    [' level_up ', 'af_level_up'],
    ['re-engagement', 'af_re-engagement'],
    ['v1.2', 'af_v1.2'],
    ['My Apps', 'af_My_Apps'],
    // Only a name that is one already is taken as `af_…`: this is not a purchase.
    ['af purchase', 'af_af_purchase'],
    ['AF_purchase', 'af_AF_purchase'],
    ['😀!', 'af___'],
    ['\ud800', 'af__'],
    ['<script>', 'af__script_'],
    ['x'.repeat(97), `af_${'x'.repeat(97)}`],
    ['x'.repeat(98), `af_${'x'.repeat(97)}`],
    [`af_${'x'.repeat(98)}`, `af_${'x'.repeat(97)}`],
    ['😀'.repeat(100_000), `af_${'_'.repeat(50)}`],
    [7, 'af_7'],
    ['', 'af_unknown'],
    ['  ', 'af_unknown'],
    [null, 'af_unknown'],
    [undefined, 'af_unknown'],
    [true, 'af_unknown'],
    [['purchase'], 'af_unknown'],
  ])('of %j is %s', (name, type) => expect(read({ event_name: name }).eventType).toBe(type))

  it('is always one that the log can bear', () => {
    const anything = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.jsonValue())
    fc.assert(
      fc.property(anything, (name) => {
        expect(read({ event_name: name }).eventType).toMatch(/^af_[A-Za-z0-9_.-]{1,97}$/)
      }),
    )
  })
})

describe('the player', () => {
  it.each([
    [{ customer_user_id: 'alice', appsflyer_id: '157-5' }, 'alice'],
    [{ customer_user_id: ' alice ' }, 'alice'],
    [{ customer_user_id: '  ', appsflyer_id: ' 157-5 ' }, '157-5'],
    [{ customer_user_id: null, appsflyer_id: '157-5' }, '157-5'],
    [{ customer_user_id: { id: 1 }, appsflyer_id: '157-5' }, '157-5'],
    [{ customer_user_id: 12_345 }, '12345'],
    [{ customer_user_id: Number.MAX_SAFE_INTEGER }, '9007199254740991'],
    [{ customer_user_id: '😀'.repeat(255) }, '😀'.repeat(255)],
    [{}, null],
    [{ customer_user_id: '', appsflyer_id: '' }, null],
  ])('of %j is %s', (payload, player) => expect(read(payload).playerId).toBe(player))

  it.each([
    ['customer_user_id', 'a\0b'],
    ['customer_user_id', 'a\ud800'],
    ['customer_user_id', 'x'.repeat(256)],
    ['customer_user_id', '😀'.repeat(256)],
    ['appsflyer_id', '\udc00'],
    // JSON.parse has rounded it to another player's number.
    ['customer_user_id', JSON.parse('9007199254740993')],
    ['customer_user_id', 1.5],
    ['customer_user_id', Number.POSITIVE_INFINITY],
  ])('is refused with a pointer when %s is %j', (field, value) => {
    try {
      read({ [field]: value })
    } catch (error) {
      expect(error).toBeInstanceOf(ProblemError)
      expect(error).toMatchObject({
        code: 'invalid-request',
        errors: [{ pointer: `#/${field}` }],
      })
      return
    }
    expect.unreachable('it was read')
  })
})

describe('the time', () => {
  it.each([
    ['2026-02-28 10:11:12', '2026-02-28T10:11:12.000Z'],
    ['2026-02-28 10:11:12.898', '2026-02-28T10:11:12.898Z'],
    ['2026-02-28 10:11:12.8', '2026-02-28T10:11:12.800Z'],
    ['2026-02-28 10:11:12.898999', '2026-02-28T10:11:12.898Z'],
    ['2026-02-28T10:11:12Z', '2026-02-28T10:11:12.000Z'],
    ['2026-02-28 10:11:12.898+0530', '2026-02-28T04:41:12.898Z'],
    [' 2024-02-29 00:00:00 ', '2024-02-29T00:00:00.000Z'],
  ])('"%s" is %s', (text, instant) => {
    expect(new Date(read({ event_time: text }).occurredAt).toISOString()).toBe(instant)
  })

  it.each([
    ...['2026-03-01 12:00:00.001', '2026-03-02 00:00:00', '9999-12-31 23:59:59'],
    ...['2026-02-30 10:00:00', '2025-02-29 10:00:00', '2026-13-01 10:00:00', '2026-02-28 25:00:00'],
    ...['2026-02-28', '28.02.2026 10:00', 'yesterday', '', '1772272272', '2026-02-28 10:11:12 PM'],
    ...[null, undefined, 1_772_272_272, {}],
  ])('is that of the receipt when %j is later or no time', (value) => {
    expect(read({ event_time: value }).occurredAt).toBe(RECEIVED_AT)
  })
})

it('is blank without any value', () => {
  expect(isBlank({})).toBe(true)
  expect(isBlank({ event_name: null, appsflyer_id: ' ' })).toBe(true)
  expect(isBlank({ wifi: false })).toBe(false)
  expect(isBlank({ event_value: {} })).toBe(false)
})
