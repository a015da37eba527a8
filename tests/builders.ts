// Builders of what the server's folders take. Every field has a harmless value; say what matters.
import { hash, randomUUID } from 'node:crypto'
import type { AccountsSettings } from '../packages/server/src/accounts/accounts.ts'
import { createIntent, type Intent } from '../packages/server/src/idempotency/idempotency.ts'
import type { Posting } from '../packages/server/src/ledger/ledger.ts'
import type { Delivery, NewEvent, NewGameEvent } from '../packages/server/src/log/log.ts'

/** Noon of an ordinary day, milliseconds since the epoch. */
export const NOON = Date.UTC(2026, 2, 1, 12)

export const aPosting = (changes: Partial<Posting> = {}): Posting => ({
  kind: 'earn',
  playerId: 'alice',
  currency: 'coins',
  amount: 10,
  reason: null,
  actor: 'player:alice',
  app: 'default',
  at: NOON,
  requestId: 'r-1',
  intent: null,
  earnDailyMax: null,
  ...changes,
})

export type IntentChanges = {
  readonly caller?: string
  readonly route?: string
  readonly body?: string
  readonly requestId?: string
}

/** The intent of a request with `key`; another `body` makes another request of it. */
export const anIntent = (key: string, changes: IntentChanges = {}): Intent =>
  createIntent({
    caller: changes.caller ?? 'player:alice',
    method: 'POST',
    route: changes.route ?? '/earn',
    pathParameters: [],
    mediaType: 'application/json',
    body: Buffer.from(changes.body ?? '{"amount":10}'),
    key,
    requestId: changes.requestId ?? 'r-1',
  })

export const anEvent = (changes: Partial<NewEvent> = {}): NewEvent => ({
  app: 'default',
  eventType: 'level_up',
  playerId: 'alice',
  occurredAt: NOON,
  receivedAt: NOON,
  payload: null,
  intent: null,
  mustExist: false,
  ...changes,
})

export const aDelivery = (changes: Partial<Delivery> = {}): Delivery => ({
  app: 'default',
  requestId: 'r-1',
  sdk: null,
  source: 'http',
  sentAt: null,
  receivedAt: NOON,
  ...changes,
})

/** A game event that passed the door; its contents decide its fingerprint. */
export function aGameEvent(changes: Partial<NewGameEvent> = {}): NewGameEvent {
  const eventId = changes.eventId ?? randomUUID()
  const text = changes.text ?? `{"event_id":"${eventId}"}`
  return {
    eventId,
    fingerprint: hash('sha256', text, 'latin1').slice(0, 8),
    eventType: 'progression',
    playerId: 'alice',
    occurredAt: NOON,
    correctedAt: NOON,
    flags: [],
    transaction: null,
    text,
    line: null,
    ...changes,
  }
}

export const accountsSettings = (changes: Partial<AccountsSettings> = {}): AccountsSettings => ({
  jwtSecret: 'a test secret of at least 32 bytes',
  jwtTtlMinutes: 120,
  refreshTtlDays: 30,
  bareGuestLogin: true,
  hashConcurrency: 2,
  hashQueueMax: 100,
  ingestKey: null,
  ...changes,
})
