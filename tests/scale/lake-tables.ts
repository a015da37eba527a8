// What two lakes must agree on, and how it is asked: everything but places in a log or a topic, which
// are another order of the same events.

export type LakeTable = {
  readonly name: 'events_raw' | 'events_enriched' | 'events_rejected' | 'further_users'
  readonly sql: string
  readonly keys: readonly string[]
}

/** What the server logs itself has no id. */
const ID = `coalesce(event_id, concat_ws(' ', kind, event_type, corrected_at, event)) AS id`
const SPINE = `${ID}, strftime(date, '%Y-%m-%d') AS day, kind, app, event_type, player_id, received_at,
  corrected_at, flags, sdk, event`
const SENT = 'occurred_at, sent_at, source'
const PLACE = 'country, country_code, platform, user_id'
const PURCHASE = 'amount_micros, currency, product_id, store, transaction_id'

export const LAKE_TABLES: readonly LakeTable[] = [
  { name: 'events_raw', keys: ['id'], sql: `SELECT ${SPINE}, ${SENT} FROM events_raw` },
  {
    name: 'events_enriched',
    keys: ['id'],
    sql: `SELECT ${SPINE}, ${PLACE}, ${PURCHASE}, app_version, device_id, seq FROM events_enriched`,
  },
  {
    name: 'events_rejected',
    keys: ['id'],
    sql: `SELECT ${SPINE}, ${SENT}, reason, path, stage FROM events_rejected`,
  },
  {
    name: 'further_users',
    keys: ['event_id', 'user_id'],
    sql: `SELECT app, event_id, event_type, kind, strftime(date, '%Y-%m-%d') AS day, received_at,
      corrected_at, ${PLACE} FROM further_users`,
  },
]
