import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { dedupeKeyOf } from './dedupe-key.ts'

const keyOf = (body: string): string =>
  Buffer.from(dedupeKeyOf(Buffer.from(body), JSON.parse(body))).toString('hex')
const sha256 = (body: string): string => createHash('sha256').update(body).digest('hex')

const aPurchase = (changes: Readonly<Record<string, unknown>> = {}) => ({
  app_id: 'id1',
  event_name: 'af_purchase',
  event_time: '2026-03-01 11:00:00.123',
  appsflyer_id: '157-5',
  customer_user_id: 'alice',
  event_revenue: '9.99',
  event_revenue_currency: 'EUR',
  event_revenue_usd: '10.80',
  conversion_type: 'install',
  campaign_type: 'ua',
  media_source: 'google_ads',
  campaign: 'summer',
  event_value: JSON.stringify({ af_receipt_id: 'r-1', af_revenue: '9.99' }),
  ...changes,
})
const purchaseKey = (changes: Readonly<Record<string, unknown>> = {}): string =>
  keyOf(JSON.stringify(aPurchase(changes)))

describe('without a transaction', () => {
  it.each([
    ['has no event value', { event_value: undefined }],
    ['has an event value without ids', { event_value: '{}' }],
    ['has a blank id', { event_value: '{"af_receipt_id":" ","af_order_id":null}' }],
    ['has an event value that is no JSON', { event_value: '{"af_receipt_id":"r-1"' }],
    ['has an event value that is no object', { event_value: '"af_receipt_id"' }],
    ['has an event value of null', { event_value: 'null' }],
    ['names no event', { event_name: ' ' }],
    ['names no time', { event_time: null }],
    ['names no device', { appsflyer_id: undefined }],
  ])('is the hash of the raw body when it %s', (_name, changes) => {
    const body = JSON.stringify(aPurchase(changes))
    expect(keyOf(body)).toBe(sha256(body))
    expect(keyOf(`${body} `)).toBe(sha256(`${body} `))
  })
})

describe('with a transaction', () => {
  it('is the same for the same report in other bytes', () => {
    const body = JSON.stringify(aPurchase())
    const reversed = Object.fromEntries(Object.entries(aPurchase()).reverse())
    expect(keyOf(body)).not.toBe(sha256(body))
    expect(keyOf(JSON.stringify(reversed))).toBe(keyOf(body))
    expect(keyOf(JSON.stringify(aPurchase(), null, 2))).toBe(keyOf(body))
    expect(purchaseKey({ a_new_field: 1, idfa: null })).toBe(keyOf(body))
    expect(purchaseKey({ event_value: { af_receipt_id: 'r-1' } })).toBe(keyOf(body))
    expect(purchaseKey({ event_revenue: 9.99 })).toBe(keyOf(body))
    expect(purchaseKey({ campaign: '' })).toBe(purchaseKey({ campaign: null }))
  })

  it.each([
    ['a refund under another name', { event_name: 'af_refund' }],
    ['a refund as negative revenue', { event_revenue: '-9.99' }],
    ['a partial refund', { event_revenue_usd: '-1.00' }],
    ['another currency', { event_revenue_currency: 'USD' }],
    ['a renewal', { event_time: '2026-04-01 11:00:00.123' }],
    ['the receipt of another device', { appsflyer_id: '157-6' }],
    ['the receipt of another player', { customer_user_id: 'bob' }],
    ['another app', { app_id: 'id2' }],
    ['the retargeted copy', { conversion_type: 're-engagement' }],
    ['the copy of another campaign', { campaign: 'winter' }],
    ['another receipt', { event_value: '{"af_receipt_id":"r-2"}' }],
    ['an order with the number of the receipt', { event_value: '{"af_order_id":"r-1"}' }],
  ])('is another one for %s', (_name, changes) => {
    expect(purchaseKey(changes)).not.toBe(purchaseKey())
  })
})
