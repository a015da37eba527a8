// The views of deploy/snowflake, made from the schemas of the catalogue: one for each family of events
// and major version, with a typed column for each field.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

type Field = { readonly type?: string | readonly string[]; readonly $comment?: string }
type Schema = {
  readonly $id: string
  readonly properties?: Readonly<Record<string, Field & { readonly const?: string }>>
}

/** Columns of the table that all families share. */
const COMMON = ['event_id', 'occurred_at', 'received_at', 'corrected_at', 'player_id', 'app_id']
const SPINE = ['platform', 'product_id', 'quantity', 'amount_micros', 'currency']
/** What the row says already, in its own words. */
const LEFT_OUT = new Set([...COMMON, 'event_type', 'event-type', 'time', 'schema_version'])
const TYPES: Readonly<Record<string, string>> = {
  ...{ string: 'STRING', integer: 'NUMBER(38, 0)', number: 'FLOAT', boolean: 'BOOLEAN' },
}

export function renderViews(schemas: string): string {
  const files = readdirSync(schemas).filter((name) => name.endsWith('.json'))
  const views = files.toSorted().flatMap((file) => {
    const schema: Schema = JSON.parse(readFileSync(join(schemas, file), 'utf8'))
    const type = schema.properties?.['event_type']?.const
    return type === undefined ? [] : [viewOf(type, schema)]
  })
  return `${HEAD}\n${views.join('\n')}`
}

const HEAD = `-- Made from the catalogue of events (schemas/), and compared with it by snowflake-sql.test.ts: change
-- that one, then \`vitest run tests/forward/snowflake-sql.test.ts -u\`. A view for each family and major
-- version: a new major version breaks history, so it has a view of its own.
`

function viewOf(type: string, { $id, properties = {} }: Schema): string {
  const major = /:(\d+)-\d+-\d+$/.exec($id)?.[1] ?? '1'
  const own = Object.entries(properties).filter(([name]) => !LEFT_OUT.has(name))
  const columns = [...COMMON, 'sdk', ...own.flatMap(([name, field]) => columnsOf(name, field))]
  return `CREATE OR REPLACE VIEW ${nameOf(type)}_v${major} AS
SELECT
  ${columns.join(',\n  ')}
FROM events
WHERE event_type = '${type}'
  AND COALESCE(SPLIT_PART(raw_payload:schema_version::STRING, '-', 1), '${major}') = '${major}';
`
}

function columnsOf(name: string, { type, $comment: comment }: Field): string[] {
  const column = nameOf(name)
  const cast = typeof type === 'string' ? TYPES[type] : undefined
  const source = SPINE.includes(name)
    ? column
    : `raw_payload:"${name}"${cast === undefined ? '' : `::${cast}`} AS ${column}`
  const isMoney = comment === 'unit: micros' && name.endsWith('_micros')
  return isMoney
    ? [source, `${column} / 1000000 AS ${column.slice(0, -'_micros'.length)}`]
    : [source]
}

const nameOf = (name: string): string => name.replaceAll('-', '_')
