const ROWS_PER_PIECE = 512

/** Times as the catalogue writes them; without a zone they are UTC. */
const INSTANT = "'%Y-%m-%dT%H:%M:%S.%gZ'"

/**
 * The rows of a Parquet file in their order, each as the JSON of an event. A cell that is empty is a
 * field that is not there, since a table of several families has every column of all of them.
 */
export async function* readParquetLines(path: string): AsyncGenerator<readonly Buffer[]> {
  // Loaded here, since most imports need no engine, and it takes longer to start than they take.
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  try {
    const file = `read_parquet(${literal(path)})`
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${file}`)
    const times = described.getRowObjects().flatMap((column) => timeColumn(column))
    const replaced = times.length === 0 ? '*' : `* REPLACE (${times.join(', ')})`
    const result = await connection.stream(
      `SELECT json_merge_patch('{}'::JSON, to_json(t))::VARCHAR FROM (SELECT ${replaced} FROM ${file}) t`,
    )
    let lines: Buffer[] = []
    for await (const rows of result.yieldRows()) {
      for (const [json] of rows) lines.push(Buffer.from(String(json)))
      if (lines.length < ROWS_PER_PIECE) continue
      yield lines
      lines = []
    }
    if (lines.length > 0) yield lines
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function timeColumn(column: Readonly<Record<string, unknown>>): string[] {
  const name = `"${String(column['column_name']).replaceAll('"', '""')}"`
  const type = String(column['column_type'])
  if (!type.startsWith('TIMESTAMP')) return []
  const inUtc = type.includes('TIME ZONE') ? `${name} AT TIME ZONE 'UTC'` : `${name}::TIMESTAMP`
  return [`strftime(${inUtc}, ${INSTANT}) AS ${name}`]
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
