// Events as games send them. Every field has a harmless value; say what matters.
import { randomUUID } from 'node:crypto'

export type SentEvent = Readonly<Record<string, unknown>> & { readonly event_id: string }

export const anInstall = (changes: Readonly<Record<string, unknown>> = {}): SentEvent => ({
  event_id: randomUUID(),
  event_type: 'install',
  occurred_at: '2026-03-01T12:00:00.000Z',
  player_id: 'ada',
  platform: 'ios',
  ...changes,
})

export const aPurchase = (changes: Readonly<Record<string, unknown>> = {}): SentEvent => ({
  ...anInstall(),
  event_type: 'purchase',
  product_id: 'gems_pack_01',
  quantity: 1,
  amount_micros: 4_990_000,
  currency: 'EUR',
  ...changes,
})
