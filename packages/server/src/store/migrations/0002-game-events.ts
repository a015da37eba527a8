import type { Migration } from '../migrate.ts'

type Spelling = Parameters<Migration['statements']>[0]

/**
 * What games send. One row of `event_batches` holds all game events of one commit, in the same
 * sequence of offsets as `event_log`, so that an event costs an entry of the index of ids and a share
 * of a compressed row. Times are milliseconds since the epoch.
 */
export const GAME_EVENTS: Migration = {
  number: 2,
  name: 'game-events',
  statements: (spelling) => [...leaveEventLog(), ...batches(spelling), ...door(spelling)],
}

/** Game events never stood there: the column was made before it was measured where they belong. */
const leaveEventLog = (): string[] => [
  'DROP INDEX event_log_event_id',
  'ALTER TABLE event_log DROP COLUMN event_id',
]

const batches = ({ blob, clustered, offset }: Spelling): string[] => [
  // `received_at` is that of its newest event: a batch expires as a whole.
  `CREATE TABLE event_batches (
    last_offset ${offset} PRIMARY KEY,
    first_offset BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    payload ${blob} NOT NULL
  )`,
  `CREATE TABLE event_ids (
    app TEXT NOT NULL,
    event_id ${blob} NOT NULL,
    fingerprint ${blob} NOT NULL,
    log_offset BIGINT NOT NULL,
    PRIMARY KEY (app, event_id)
  ) ${clustered}`,
  `CREATE TABLE purchase_transactions (
    app TEXT NOT NULL,
    store TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    player_id TEXT,
    amount_micros BIGINT,
    currency TEXT,
    log_offset BIGINT NOT NULL,
    PRIMARY KEY (app, store, transaction_id)
  ) ${clustered}`,
]

const door = ({ blob, clustered, serial }: Spelling): string[] => [
  `CREATE TABLE arrivals (
    app TEXT NOT NULL,
    minute BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    conflicts BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    PRIMARY KEY (app, minute)
  ) ${clustered}`,
  // `raw` is the event as it came, byte for byte; `first_offset` is of the event it conflicts with.
  `CREATE TABLE refused_events (
    refused_id ${serial} PRIMARY KEY,
    app TEXT NOT NULL,
    event_id TEXT,
    event_type TEXT,
    reason TEXT NOT NULL,
    path TEXT,
    raw ${blob} NOT NULL,
    first_offset BIGINT,
    request_id TEXT,
    sdk TEXT,
    source TEXT NOT NULL,
    line BIGINT,
    received_at BIGINT NOT NULL,
    status TEXT NOT NULL
  )`,
  'CREATE INDEX refused_events_received ON refused_events (received_at)',
  // How far a file is, and a hash over all that was read so far: another file of that name begins anew.
  `CREATE TABLE imports (
    app TEXT NOT NULL,
    source TEXT NOT NULL,
    line BIGINT NOT NULL,
    prefix_hash ${blob} NOT NULL,
    accepted BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    conflicts BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (app, source)
  ) ${clustered}`,
]
