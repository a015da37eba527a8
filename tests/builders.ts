// Builders of what the server's folders take. Every field has a harmless value; say what matters.
import type { AccountsSettings } from '../packages/server/src/accounts/accounts.ts'
import { createIntent, type Intent } from '../packages/server/src/idempotency/idempotency.ts'
import type { Posting } from '../packages/server/src/ledger/ledger.ts'
import type { NewEvent } from '../packages/server/src/log/log.ts'

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
