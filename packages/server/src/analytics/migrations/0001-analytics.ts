import type { Migration } from '../../store/store.ts'

/**
 * The analytics file. Times are milliseconds since the epoch, offsets those of the log. Every row is
 * a function of the log up to its consumer's checkpoint, and of nothing else: no clock, no random
 * number, no order of processes.
 */
export const ANALYTICS: Migration = {
  number: 1,
  name: 'analytics',
  statements: () => [...consumers, ...quality, ...windows, ...loss],
}

const consumers = [
  // The port reads it in every writing transaction. This file has no log of its own: it stays 0.
  'CREATE TABLE log_head (log_offset BIGINT NOT NULL)',
  'INSERT INTO log_head VALUES (0)',
  `CREATE TABLE checkpoints (
    consumer TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    log_offset BIGINT NOT NULL,
    generation BIGINT NOT NULL
  ) WITHOUT ROWID`,
]

const quality = [
  `CREATE TABLE enriched_batches (
    last_offset INTEGER PRIMARY KEY,
    first_offset BIGINT NOT NULL,
    payload BLOB NOT NULL
  )`,
  `CREATE TABLE rejected_events (
    log_offset INTEGER PRIMARY KEY,
    app TEXT NOT NULL,
    event_id TEXT,
    event_type TEXT NOT NULL,
    player_id TEXT,
    reason TEXT NOT NULL,
    path TEXT,
    stage TEXT NOT NULL,
    raw BLOB NOT NULL,
    envelope TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    replayed_offset BIGINT
  )`,
  // By minute of receipt, as the door counts what it accepts.
  `CREATE TABLE quality_counts (
    app TEXT NOT NULL,
    minute BIGINT NOT NULL,
    enriched BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    PRIMARY KEY (app, minute)
  ) WITHOUT ROWID`,
  // The newest `init` of each player, from which its other events take what they do not say.
  `CREATE TABLE player_inits (
    app TEXT NOT NULL,
    player_id TEXT NOT NULL,
    corrected_at BIGINT NOT NULL,
    log_offset BIGINT NOT NULL,
    country_code TEXT NOT NULL,
    platform TEXT NOT NULL,
    PRIMARY KEY (app, player_id)
  ) WITHOUT ROWID`,
]

const windows = [
  // `(ALL)` stands for all countries or platforms. No row has the value 0.
  `CREATE TABLE window_facts (
    grain TEXT NOT NULL,
    platform TEXT NOT NULL,
    start BIGINT NOT NULL,
    app TEXT NOT NULL,
    country_code TEXT NOT NULL,
    metric TEXT NOT NULL,
    label TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (grain, platform, start, app, country_code, metric, label)
  ) WITHOUT ROWID`,
  `CREATE TABLE window_users (
    grain TEXT NOT NULL,
    start BIGINT NOT NULL,
    app TEXT NOT NULL,
    user_id TEXT NOT NULL,
    seen TEXT NOT NULL,
    PRIMARY KEY (grain, start, app, user_id)
  ) WITHOUT ROWID`,
  `CREATE TABLE window_changes (
    start INTEGER PRIMARY KEY,
    changed_offset BIGINT NOT NULL
  )`,
  'CREATE INDEX window_changes_offset ON window_changes (changed_offset, start)',
  // Purchases in other currencies than the dollar, which a rate that comes later restates.
  `CREATE TABLE window_purchases (
    day BIGINT NOT NULL,
    currency TEXT NOT NULL,
    log_offset BIGINT NOT NULL,
    amount_micros BIGINT NOT NULL,
    minute BIGINT NOT NULL,
    app TEXT NOT NULL,
    country_code TEXT NOT NULL,
    platform TEXT NOT NULL,
    PRIMARY KEY (day, currency, log_offset)
  ) WITHOUT ROWID`,
  `CREATE TABLE window_rates (
    day BIGINT NOT NULL,
    currency TEXT NOT NULL,
    usd_per_unit TEXT NOT NULL,
    log_offset BIGINT NOT NULL,
    PRIMARY KEY (day, currency)
  ) WITHOUT ROWID`,
]

const loss = [
  `CREATE TABLE loss_devices (
    app TEXT NOT NULL,
    device_id TEXT NOT NULL,
    intervals TEXT NOT NULL,
    PRIMARY KEY (app, device_id)
  ) WITHOUT ROWID`,
  `CREATE TABLE loss_versions (
    app TEXT NOT NULL,
    sdk TEXT NOT NULL,
    version TEXT NOT NULL,
    received BIGINT NOT NULL,
    lost BIGINT NOT NULL,
    PRIMARY KEY (app, sdk, version)
  ) WITHOUT ROWID`,
]
