import { Command, InvalidArgumentError, Option } from 'commander'
import { lakeStats, type Plain } from '../lake/lake.ts'
import { csvCell } from '../reports/cells/cells.ts'
import { CommandFailure } from './command-failure.ts'
import { boxed } from './kpi-tables.ts'
import { compactText, statsText, verifyText } from './lake-texts.ts'
import { print, printJson } from './output.ts'

type Json = { readonly json?: true }
type QueryOptions = Json & { readonly limit: number; readonly format?: 'table' | 'csv' }

const EXAMPLES = `
Views:
  events_raw       the log: game events, those of POST /event, and what the server logs itself
  events_enriched  what quality let through, with country, platform, players and purchase
  events_rejected  what quality refused, with reason and path
docs/lake.md describes their columns; date is the UTC day.

Examples:
  questline lake query "SELECT date, count(*) AS events FROM events_raw GROUP BY date ORDER BY date"
  questline lake query --format csv --limit 0 "SELECT * FROM events_rejected"
  questline lake query --json "SELECT event ->> 'country' AS said FROM events_raw LIMIT 5"`

export function lakeCommand(): Command {
  const lake = new Command('lake').description(
    'Every event for ever, as open Parquet files. Each command first brings it up to the end of the log, by itself or through the running server.',
  )
  lake
    .command('stats')
    .summary('files, rows and bytes of each topic')
    .description('How far the lake is, and the files, rows and bytes of each topic.')
    .option('--json', 'print one JSON document: {folder, from, upto, log_expired, topics}')
    .addHelpText('after', '\nExample:\n  questline lake stats')
    .action(async ({ json }: Json) => {
      const { withCurrentLake } = await import('./with-lake.ts')
      const stats = await withCurrentLake(async ({ reader }) => lakeStats(reader.folder))
      await (json ? printJson(stats) : print(statsText(stats)))
    })
  lake
    .command('verify')
    .summary('check files and offsets against manifest and log')
    .description(
      'Read every file: each is what was written, every offset is there exactly once, and what the log still holds is the same in the lake.',
    )
    .option('--json', 'print one JSON document: {ok, faults, checked, strays}')
    .addHelpText(
      'after',
      '\nExit code 1 means that something is wrong; it is listed.\n\nExample:\n  questline lake verify',
    )
    .action(async ({ json }: Json) => {
      const [{ withCurrentLake }, { verifyLake }] = await Promise.all([
        import('./with-lake.ts'),
        import('../lake/lake.ts'),
      ])
      const found = await withCurrentLake(({ store, reader }) => verifyLake(store.read, reader))
      await (json ? printJson(found) : print(verifyText(found)))
      if (!found.ok) process.exitCode = 1
    })
  lake
    .command('query')
    .summary('ask the lake in SQL, read only')
    .description(
      'Answer one query in the SQL of DuckDB. It reads the lake and nothing else. Ctrl-C stops it.',
    )
    .argument('<sql>', 'the query')
    .option('--limit <rows>', 'show so many rows at most; 0 for all', limit, 1_000)
    .addOption(new Option('--format <format>', 'of the answer').choices(['table', 'csv']))
    .option('--json', 'print one JSON document: an array of objects')
    .addHelpText('after', EXAMPLES)
    .action(runQuery)
  lake
    .command('compact')
    .summary('merge the files of each day')
    .description(
      'Merge the small files of each day and topic into one. A running server merges by itself, more lazily.',
    )
    .option('--json', 'print one JSON document: {merged: [{path, parts, rows, bytes}]}')
    .addHelpText('after', '\nExample:\n  questline lake compact')
    .action(async ({ json }: Json) => {
      const merged = await compactNow()
      await (json ? printJson({ merged }) : print(compactText(merged)))
    })
  return lake
}

async function runQuery(sql: string, { json, limit, format }: QueryOptions): Promise<void> {
  const [{ withCurrentLake }, { query }] = await Promise.all([
    import('./with-lake.ts'),
    import('../lake/lake.ts'),
  ])
  const stopping = new AbortController()
  const stop = (): void => stopping.abort()
  process.once('SIGINT', stop)
  const { columns, rows, more } = await withCurrentLake(({ read }) =>
    read((lake) => query(lake, sql, limit, stopping.signal)),
  ).finally(() => process.off('SIGINT', stop))
  const cells = rows.map((row) => row.map(cellOf))
  if (json)
    await printJson(rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]]))))
  else if (format === 'csv') {
    const lines = [columns.map(csvCell), ...rows.map((row) => row.map(csvOf))].map((row) =>
      row.join(','),
    )
    await print(lines.join('\n'))
  } else await print(boxed(columns, cells))
  if (more) {
    process.stderr.write(`questline: only the first ${limit} rows are shown; --limit shows more\n`)
  }
}

const csvOf = (value: Plain): string =>
  typeof value === 'number' ? String(value) : csvCell(cellOf(value))

const cellOf = (value: Plain): string =>
  value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)

async function compactNow() {
  const [{ withLakeAsItIs }, { compact }] = await Promise.all([
    import('./with-lake.ts'),
    import('../lake/lake.ts'),
  ])
  return withLakeAsItIs(async ({ leases, reader }) => {
    const lease = leases('lake')
    if (!(await lease.take())) {
      throw new CommandFailure(1, 'a running server writes the lake and merges its files by itself')
    }
    try {
      const { folder, memoryLimitMb } = reader
      const merges = await compact({ folder, memoryLimitMb, all: true })
      return merges.map(({ parts, into }) => ({
        ...{ path: into.path, parts: parts.length, rows: into.rows, bytes: into.bytes },
      }))
    } finally {
      await lease.release()
    }
  })
}

function limit(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is not a number of rows.')
}
