import type { TOPICS, Topic } from './manifest.ts'

/** A column of a topic's files: its type in DuckDB, and how it is made of `h`, the head of an event. */
type Column = { readonly type: string; readonly from: string }
export type TopicForm = {
  /** The members of the head that are read, as `json_transform` takes them. */
  readonly head: string
  readonly columns: Readonly<Record<string, Column>>
}

const whole = (name: string): Column => ({ type: 'BIGINT', from: `h."${name}"` })
const named = (name: string): Column => ({ type: 'VARCHAR', from: `h."${name}"` })
/** Milliseconds in the head, an instant in the file. */
const instant = (name: string): Column => ({
  type: 'TIMESTAMP WITH TIME ZONE',
  from: `make_timestamptz(h."${name}" * 1000)`,
})
const ofPurchase = (name: string, type: string): Column => ({ type, from: `h.purchase."${name}"` })

/** What every event has, as the log says it. */
const SPINE = {
  log_offset: whole('offset'),
  kind: { type: 'VARCHAR', from: "coalesce(h.kind, 'game')" },
  app: named('app'),
  event_id: named('event_id'),
  event_type: named('event_type'),
  player_id: named('player_id'),
  received_at: instant('received_at'),
  corrected_at: instant('corrected_at'),
  flags: { type: 'VARCHAR[]', from: 'h.flags' },
  sdk: named('sdk'),
} as const satisfies Record<string, Column>

const SPINE_HEAD = {
  ...{ offset: 'BIGINT', kind: 'VARCHAR', app: 'VARCHAR', event_id: 'VARCHAR' },
  ...{ event_type: 'VARCHAR', player_id: 'VARCHAR', received_at: 'BIGINT' },
  ...{ corrected_at: 'BIGINT', flags: ['VARCHAR'], sdk: 'VARCHAR' },
}
const SENT_HEAD = { occurred_at: 'BIGINT', sent_at: 'BIGINT', source: 'VARCHAR' }
const SENT = {
  occurred_at: instant('occurred_at'),
  sent_at: instant('sent_at'),
  source: named('source'),
} as const
/** The event's own JSON. Whatever reads the files parses it as it likes. */
const EVENT = { event: { type: 'VARCHAR', from: 'event' } } as const

const PLACE = { id: 'VARCHAR', country: 'VARCHAR', country_code: 'VARCHAR', platform: 'VARCHAR' }
const PURCHASE = {
  amount_micros: 'BIGINT',
  currency: 'VARCHAR',
  product_id: 'VARCHAR',
  store: 'VARCHAR',
  transaction_id: 'VARCHAR',
}

const USER = { type: 'VARCHAR', from: 'h.players[1].id' } as const
const FURTHER = 'STRUCT(id VARCHAR, country VARCHAR, country_code VARCHAR, platform VARCHAR)[]'

const OF_LOG: Readonly<Record<(typeof TOPICS)[number], TopicForm>> = {
  'events-raw': {
    head: JSON.stringify({ ...SPINE_HEAD, ...SENT_HEAD }),
    columns: { ...SPINE, ...SENT, ...EVENT },
  },
  'events-enriched': {
    head: JSON.stringify({
      ...SPINE_HEAD,
      ...{ country: 'VARCHAR', country_code: 'VARCHAR', platform: 'VARCHAR' },
      ...{ players: [PLACE], purchase: PURCHASE },
      ...{ app_version: 'VARCHAR', device_id: 'VARCHAR', seq: 'BIGINT' },
    }),
    columns: {
      ...SPINE,
      country: named('country'),
      country_code: named('country_code'),
      platform: named('platform'),
      user_id: USER,
      // Few events have any, and reading a list of structs costs as much as all else that is counted.
      further_users: {
        type: FURTHER,
        from: 'CASE WHEN len(h.players) > 1 THEN h.players[2:] END',
      },
      ...Object.fromEntries(
        Object.entries(PURCHASE).map(([name, type]) => [name, ofPurchase(name, type)]),
      ),
      app_version: named('app_version'),
      device_id: named('device_id'),
      seq: whole('seq'),
      ...EVENT,
    },
  },
  'events-rejected': {
    head: JSON.stringify({
      ...{ ...SPINE_HEAD, ...SENT_HEAD },
      ...{ reason: 'VARCHAR', path: 'VARCHAR', stage: 'VARCHAR' },
    }),
    columns: {
      ...{ ...SPINE, ...SENT },
      ...{ reason: named('reason'), path: named('path'), stage: named('stage') },
      ...EVENT,
    },
  },
}

/** Where it lies on `events-raw`, as `partition:offset`. */
const POSITION = named('position')

const withPosition = ({ head, columns }: TopicForm): TopicForm => ({
  head: JSON.stringify({ ...JSON.parse(head), position: 'VARCHAR' }),
  columns: { ...columns, position: POSITION },
})

export const FORMS: Readonly<Record<Topic, TopicForm>> = {
  ...OF_LOG,
  'kafka-raw': withPosition(OF_LOG['events-raw']),
  'kafka-enriched': withPosition(OF_LOG['events-enriched']),
  'kafka-sides': {
    head: JSON.stringify({
      ...{ ...SPINE_HEAD, part: 'BIGINT', country: 'VARCHAR', country_code: 'VARCHAR' },
      ...{ platform: 'VARCHAR', players: [PLACE] },
    }),
    columns: {
      ...SPINE,
      ...{ part: whole('part'), country: named('country'), country_code: named('country_code') },
      ...{ platform: named('platform'), user_id: USER },
    },
  },
  'kafka-rejected': withPosition(OF_LOG['events-rejected']),
}

/** The name of a topic as a view or table: `events_raw`. */
export const viewOf = (topic: Topic): string => topic.replace('-', '_')

/** The columns of a topic, typed, from a table of `head` and `event`. */
export function typedSelect(topic: Topic, staged: string): string {
  const { head, columns } = FORMS[topic]
  const list = Object.entries(columns).map(([name, { from }]) => `${from} AS "${name}"`)
  return `SELECT ${list.join(', ')}
    FROM (SELECT json_transform(head, '${head}') AS h, event FROM ${staged})`
}

/** A table with the columns of a topic and no rows. */
export function emptySelect(topic: Topic): string {
  const list = Object.entries(FORMS[topic].columns).map(
    ([name, { type }]) => `CAST(NULL AS ${type}) AS "${name}"`,
  )
  return `SELECT ${list.join(', ')}, CAST(NULL AS DATE) AS "date" WHERE false`
}
