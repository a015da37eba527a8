import type { Migration, Spelling } from '../../store/store.ts'

/**
 * The analytics: a file of SQLite, or a schema of PostgreSQL. Times are milliseconds since the epoch,
 * offsets those of the log. Every row is a function of the log up to its consumer's checkpoint, and of
 * nothing else: no clock, no random number, no order of processes. Texts are ordered by their bytes.
 */
export const ANALYTICS: Migration = {
  number: 1,
  name: 'analytics',
  statements: (spelling) => [consumers, quality, windows, loss].flatMap((of) => of(spelling)),
}

const consumers = ({ schema, text, clustered }: Spelling) => [
  // The port reads it in every writing transaction on a file. This one has no log: it stays 0.
  ...(schema === ''
    ? ['CREATE TABLE log_head (log_offset BIGINT NOT NULL)', 'INSERT INTO log_head VALUES (0)']
    : []),
  `CREATE TABLE ${schema}checkpoints (
    consumer ${text} PRIMARY KEY,
    source ${text} NOT NULL,
    log_offset BIGINT NOT NULL,
    generation BIGINT NOT NULL
  ) ${clustered}`,
]

const quality = ({ schema, text, changing, offset, blob }: Spelling) => [
  `CREATE TABLE ${schema}enriched_batches (
    last_offset ${offset} PRIMARY KEY,
    first_offset BIGINT NOT NULL,
    payload ${blob} NOT NULL
  )`,
  `CREATE TABLE ${schema}rejected_events (
    log_offset ${offset} PRIMARY KEY,
    app ${text} NOT NULL,
    event_id ${text},
    event_type ${text} NOT NULL,
    player_id ${text},
    reason ${text} NOT NULL,
    path ${text},
    stage ${text} NOT NULL,
    raw ${blob} NOT NULL,
    envelope ${text} NOT NULL,
    received_at BIGINT NOT NULL,
    replayed_offset BIGINT
  )`,
  // By minute of receipt, as the door counts what it accepts.
  `CREATE TABLE ${schema}quality_counts (
    app ${text} NOT NULL,
    minute BIGINT NOT NULL,
    enriched BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    PRIMARY KEY (app, minute)
  ) ${changing}`,
  // The newest `init` of each player, from which its other events take what they do not say.
  `CREATE TABLE ${schema}player_inits (
    app ${text} NOT NULL,
    player_id ${text} NOT NULL,
    corrected_at BIGINT NOT NULL,
    log_offset BIGINT NOT NULL,
    country_code ${text} NOT NULL,
    platform ${text} NOT NULL,
    PRIMARY KEY (app, player_id)
  ) ${changing}`,
]

const windows = ({ schema, text, clustered, changing, offset, sum }: Spelling) => [
  // `(ALL)` stands for all countries or platforms. No row has the value 0.
  `CREATE TABLE ${schema}window_facts (
    grain ${text} NOT NULL,
    platform ${text} NOT NULL,
    start BIGINT NOT NULL,
    app ${text} NOT NULL,
    country_code ${text} NOT NULL,
    metric ${text} NOT NULL,
    label ${text} NOT NULL,
    value ${sum} NOT NULL,
    PRIMARY KEY (grain, platform, start, app, country_code, metric, label)
  ) ${changing}`,
  `CREATE TABLE ${schema}window_users (
    grain ${text} NOT NULL,
    start BIGINT NOT NULL,
    app ${text} NOT NULL,
    user_id ${text} NOT NULL,
    seen ${text} NOT NULL,
    PRIMARY KEY (grain, start, app, user_id)
  ) ${clustered}`,
  `CREATE TABLE ${schema}window_changes (
    start ${offset} PRIMARY KEY,
    changed_offset BIGINT NOT NULL
  )`,
  `CREATE INDEX window_changes_offset ON ${schema}window_changes (changed_offset, start)`,
  // Purchases in other currencies than the dollar, which a rate that comes later restates.
  `CREATE TABLE ${schema}window_purchases (
    day BIGINT NOT NULL,
    currency ${text} NOT NULL,
    log_offset BIGINT NOT NULL,
    amount_micros BIGINT NOT NULL,
    minute BIGINT NOT NULL,
    app ${text} NOT NULL,
    country_code ${text} NOT NULL,
    platform ${text} NOT NULL,
    PRIMARY KEY (day, currency, log_offset)
  ) ${clustered}`,
  `CREATE TABLE ${schema}window_rates (
    day BIGINT NOT NULL,
    currency ${text} NOT NULL,
    usd_per_unit ${text} NOT NULL,
    log_offset BIGINT NOT NULL,
    PRIMARY KEY (day, currency)
  ) ${clustered}`,
]

const loss = ({ schema, text, changing }: Spelling) => [
  `CREATE TABLE ${schema}loss_devices (
    app ${text} NOT NULL,
    device_id ${text} NOT NULL,
    intervals ${text} NOT NULL,
    PRIMARY KEY (app, device_id)
  ) ${changing}`,
  `CREATE TABLE ${schema}loss_versions (
    app ${text} NOT NULL,
    sdk ${text} NOT NULL,
    version ${text} NOT NULL,
    received BIGINT NOT NULL,
    lost BIGINT NOT NULL,
    PRIMARY KEY (app, sdk, version)
  ) ${changing}`,
]
