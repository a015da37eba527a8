import { Type } from 'typebox'
import { serverFamily } from '../family.ts'

const Sent = Type.Optional(Type.Unknown({ description: 'As the provider sent it.' }))

/** The provider's own body, byte for byte: these are the fields that we read of it. */
export const POSTBACK = serverFamily({
  name: 'postback',
  version: '1-0-0',
  description:
    'An attribution provider reported something. Its `event_type` is `af_` and the name of what it reports: `af_purchase`, `af_install`, … The payload is the body as it came; all fields may be missing, and others are there.',
  fields: {
    event_name: Sent,
    event_time: Sent,
    event_value: Sent,
    event_revenue_usd: Sent,
    appsflyer_id: Sent,
    customer_user_id: Sent,
    media_source: Sent,
    campaign: Sent,
  },
  example: {
    event_name: 'af_purchase',
    event_time: '2026-03-01 12:00:00.000',
    event_value: '{"af_revenue":"4.99","af_currency":"USD","af_order_id":"GPA.3345-1234"}',
    event_revenue_usd: '4.99',
    appsflyer_id: '1700000000000-1234567',
    customer_user_id: 'player_1',
    media_source: 'googleadwords_int',
    campaign: 'SUMMER_2026',
  },
})
