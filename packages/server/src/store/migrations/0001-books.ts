import type { Migration } from '../migrate.ts'

/**
 * The books. Times are milliseconds since the epoch, amounts whole units of a currency.
 * `key_scope` is an Idempotency-Key with its route and caller, `fingerprint` a hash over the request. Every ledger entry and every postback bears the offset of its event in the log.
 */
export const BOOKS: Migration = {
  number: 1,
  name: 'books',
  statements: (spelling) => [
    ...log(spelling),
    ...accounts(spelling),
    ...currency(spelling),
    ...schedules(spelling),
  ],
}

type Spelling = Parameters<Migration['statements']>[0]

const log = ({ blob, clustered, offset }: Spelling): string[] => [
  'CREATE TABLE log_head (log_offset BIGINT NOT NULL)',
  'INSERT INTO log_head VALUES (0)',

  `CREATE TABLE event_log (
    log_offset ${offset} PRIMARY KEY,
    app TEXT NOT NULL,
    event_id TEXT,
    event_type TEXT NOT NULL,
    player_id TEXT,
    occurred_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    payload TEXT,
    key_scope TEXT,
    fingerprint TEXT
  )`,
  // GET /events and a player's GET /stats read nothing but this one.
  'CREATE INDEX event_log_player ON event_log (player_id, occurred_at, log_offset, event_type)',
  // The part of a GET /stats over everybody that lies in the first and last, partial hour.
  'CREATE INDEX event_log_time ON event_log (occurred_at, event_type, app)',
  'CREATE UNIQUE INDEX event_log_event_id ON event_log (app, event_id) WHERE event_id IS NOT NULL',
  'CREATE UNIQUE INDEX event_log_key ON event_log (key_scope) WHERE key_scope IS NOT NULL',

  `CREATE TABLE event_counts (
    app TEXT NOT NULL,
    hour BIGINT NOT NULL,
    event_type TEXT NOT NULL,
    events BIGINT NOT NULL,
    PRIMARY KEY (app, hour, event_type)
  ) ${clustered}`,

  `CREATE TABLE raw_postbacks (
    postback_id ${offset} PRIMARY KEY,
    source TEXT NOT NULL,
    payload TEXT NOT NULL,
    signature TEXT,
    verified BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    dedupe_key ${blob} NOT NULL,
    supersedes BIGINT
  )`,
  'CREATE UNIQUE INDEX raw_postbacks_verified ON raw_postbacks (dedupe_key) WHERE verified = 1',
  'CREATE INDEX raw_postbacks_unverified ON raw_postbacks (dedupe_key) WHERE verified = 0',
  'CREATE INDEX raw_postbacks_received ON raw_postbacks (received_at)',
]

const accounts = ({ blob, clustered }: Spelling): string[] => [
  `CREATE TABLE players (
    player_id TEXT PRIMARY KEY,
    username TEXT,
    username_folded TEXT,
    password_hash TEXT,
    device_secret_hash ${blob},
    sessions_since BIGINT,
    created_at BIGINT NOT NULL
  ) ${clustered}`,
  // Guests have no username and cost no entry.
  'CREATE UNIQUE INDEX players_username ON players (username_folded) WHERE username_folded IS NOT NULL',
  'CREATE TABLE player_count (players BIGINT NOT NULL)',
  'INSERT INTO player_count VALUES (0)',

  // `token_key` is the time of issue and a hash: the tokens of one commit lie on the same pages.
  `CREATE TABLE refresh_tokens (
    token_key ${blob} PRIMARY KEY,
    session_id TEXT NOT NULL,
    player_id TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    used_at BIGINT
  ) ${clustered}`,
  `CREATE TABLE revoked_sessions (
    session_id TEXT PRIMARY KEY,
    revoked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
  ) ${clustered}`,
  'CREATE INDEX revoked_sessions_expiry ON revoked_sessions (expires_at)',

  `CREATE TABLE api_keys (
    key_id TEXT PRIMARY KEY,
    scope TEXT NOT NULL,
    app TEXT,
    name TEXT,
    secret_hash ${blob} NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
  ) ${clustered}`,
]

const currency = ({ clustered, offset, refuse }: Spelling): string[] => [
  `CREATE TABLE balances (
    player_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    balance BIGINT NOT NULL CHECK (balance BETWEEN 0 AND 9007199254740991),
    version BIGINT NOT NULL,
    earn_day BIGINT NOT NULL,
    earned_on_day BIGINT NOT NULL,
    PRIMARY KEY (player_id, currency)
  ) ${clustered}`,

  // In the order of the log; a player's entries are found through the index of its events.
  `CREATE TABLE ledger_entries (
    entry_id ${offset} PRIMARY KEY,
    player_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount BIGINT NOT NULL,
    balance_after BIGINT NOT NULL,
    version BIGINT NOT NULL,
    reason TEXT,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    key_scope TEXT,
    fingerprint TEXT
  )`,
  'CREATE UNIQUE INDEX ledger_entries_key ON ledger_entries (key_scope) WHERE key_scope IS NOT NULL',
  ...refuse('ledger_entries', 'ledger entries are never changed and never removed'),

  `CREATE TABLE idempotency_keys (
    key_scope TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL
  ) ${clustered}`,
  'CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at)',
]

/** What is done once a day, over all nodes: whoever wrote the row of the day does it. */
const schedules = ({ clustered }: Spelling): string[] => [
  `CREATE TABLE schedule_days (
    schedule TEXT NOT NULL,
    day TEXT NOT NULL,
    claimed_at BIGINT NOT NULL,
    PRIMARY KEY (schedule, day)
  ) ${clustered}`,
]
