import { CLIENT_FAMILIES } from '@questline/contracts'

const { install, purchase, custom } = CLIENT_FAMILIES

/**
 * A body for each route that takes one, as a game would send it. The document shows them, and the
 * requests of the Postman collection begin with them.
 */
export const EXAMPLE_BODIES: Readonly<Record<string, object>> = {
  login: {
    userId: 'player_12345',
    deviceSecret: '7kQ2mVx9TzR4bWn8LpYc3HsJ6dGf5AuE1oXi0qZvNtM',
  },
  register: { username: 'ada.lovelace', password: 'an engine that weaves numbers' },
  passwordLogin: { username: 'ada.lovelace', password: 'an engine that weaves numbers' },
  refresh: { refreshToken: 'the-refreshToken-of-the-last-answer' },
  earn: { amount: 50, reason: 'level 3 complete' },
  spend: { amount: 20, reason: 'wooden sword' },
  userUpdate: { userId: 'player_12345', balance: 1_000, reason: 'support ticket 4711' },
  event: {
    eventType: 'level_complete',
    meta: '{"level":3,"stars":2}',
    timestampUtc: '2024-03-01T12:00:00Z',
  },
  ingest: { events: [purchase.example, custom.example] },
  ingestInstall: install.example,
  ingestPurchase: purchase.example,
  postback: {
    event_name: 'purchase',
    appsflyer_id: '1700000000000-1234567',
    customer_user_id: 'player_12345',
    event_time: '2024-03-01 12:00:00.000',
    event_revenue_usd: '4.99',
    campaign: 'spring_launch',
  },
}
