/** Where Flink reads and writes. Topic names are whole, prefix and all. */
export type FlinkTables = {
  readonly brokers: readonly string[]
  /** Properties of Kafka's clients beside the brokers, as `security.protocol`. */
  readonly kafka: Readonly<Record<string, string>>
  readonly topics: { readonly enriched: string; readonly late: string }
  readonly jdbc: JdbcTarget
}

export type JdbcTarget = {
  /** `jdbc:postgresql://…`, without user and password. */
  readonly url: string
  readonly user: string
  readonly password: string
}

/**
 * What Flink reads of an enriched event; a heartbeat has no `kind`. Names and types are those of the
 * records in the topic, whose other fields it passes over.
 */
export const ENRICHED_COLUMNS = {
  event_id: 'STRING',
  part: 'INT',
  app: 'STRING',
  event_type: 'STRING',
  label: 'STRING',
  kind: 'STRING',
  time_ms: 'BIGINT',
  received_ms: 'BIGINT',
  user_id: 'STRING',
  country_code: 'STRING',
  platform: 'STRING',
  is_purchase: 'BOOLEAN',
  currency: 'STRING',
  amount_micros: 'BIGINT',
  revenue_usd_micros: 'BIGINT',
  position: 'STRING',
} as const satisfies Readonly<Record<string, string>>

/** `timestamp`, `value`, `position` and others are words of the language: every name is quoted. */
export const quoted = (name: string): string => `\`${name}\``
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

export const columnList = (names: readonly string[]): string => names.map(quoted).join(', ')

const columns = (of: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(of).map(([name, type]) => `  ${quoted(name)} ${type}`)

const options = (of: Readonly<Record<string, string>>): string =>
  Object.entries(of)
    .map(([name, value]) => `  ${text(name)} = ${text(value)}`)
    .join(',\n')

const createTable = (
  name: string,
  lines: readonly string[],
  connector: Readonly<Record<string, string>>,
): string => `CREATE TABLE ${name} (\n${lines.join(',\n')}\n) WITH (\n${options(connector)}\n)`

function kafkaOptions({ brokers, kafka }: FlinkTables, topic: string): Record<string, string> {
  const clients = Object.entries({ 'bootstrap.servers': brokers.join(','), ...kafka })
  return {
    connector: 'kafka',
    topic,
    format: 'json',
    ...Object.fromEntries(clients.map(([name, value]) => [`properties.${name}`, value])),
  }
}

/**
 * Time goes on by heartbeats alone: one of time h says that whatever was received before h stands
 * before it in its partition. Events themselves say no such thing, since the other side of a match
 * comes by another way and may be long behind. Hence also no idle time-out: a partition from which
 * nothing is heard holds every minute open, and nothing is lost.
 */
export function enrichedStream(
  tables: FlinkTables,
  group: string,
  delayMs: number,
  since: number | null,
): string {
  const lines = [
    ...columns(ENRICHED_COLUMNS),
    '  `event_time` AS TO_TIMESTAMP_LTZ(`time_ms`, 3)',
    `  WATERMARK FOR \`event_time\` AS CASE WHEN \`kind\` IS NULL AND \`event_type\` = 'heartbeat' THEN TO_TIMESTAMP_LTZ(\`time_ms\` - ${delayMs + 1}, 3) END`,
  ]
  return createTable('events_enriched', lines, {
    ...kafkaOptions(tables, tables.topics.enriched),
    'properties.group.id': group,
    ...startOf(since),
    // Quality writes this topic: what is no JSON came from nobody that counts.
    'json.ignore-parse-errors': 'true',
  })
}

/**
 * Records carry the time of their receipt, and nothing happens after its receipt: whatever happened
 * since then stands behind the first record of that time.
 */
const startOf = (since: number | null): Readonly<Record<string, string>> =>
  since === null
    ? { 'scan.startup.mode': 'earliest-offset' }
    : { 'scan.startup.mode': 'timestamp', 'scan.startup.timestamp-millis': String(since) }

/** The same topic as it lies there now, from beginning to end. */
export const enrichedWhole = (tables: FlinkTables, group: string, since: number | null): string =>
  createTable(
    'events_enriched',
    [...columns(ENRICHED_COLUMNS), '  `event_time` AS TO_TIMESTAMP_LTZ(`time_ms`, 3)'],
    {
      ...kafkaOptions(tables, tables.topics.enriched),
      'properties.group.id': group,
      ...startOf(since),
      'scan.bounded.mode': 'latest-offset',
      'json.ignore-parse-errors': 'true',
    },
  )

export const lateStream = (tables: FlinkTables): string =>
  createTable(
    'events_late',
    [...columns(ENRICHED_COLUMNS), "  `received` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'"],
    {
      ...kafkaOptions(tables, tables.topics.late),
      // After a failure some stand there twice: whoever reads tells them by event and part.
      'sink.delivery-guarantee': 'at-least-once',
    },
  )

/** A table of PostgreSQL, whose rows are replaced by their key: written twice is written once. */
export function postgresTable(
  { jdbc }: FlinkTables,
  name: string,
  of: Readonly<Record<string, string>>,
  key: readonly string[],
): string {
  const lines = [...columns(of), `  PRIMARY KEY (${columnList(key)}) NOT ENFORCED`]
  return createTable(name.slice(name.indexOf('.') + 1), lines, {
    connector: 'jdbc',
    url: jdbc.url,
    username: jdbc.user,
    password: jdbc.password,
    'table-name': name,
    'sink.buffer-flush.max-rows': '500',
    // The rows of a minute come together, so a longer wait would save no statement.
    'sink.buffer-flush.interval': '200ms',
    'sink.max-retries': '10',
  })
}
