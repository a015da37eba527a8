import { Command, InvalidArgumentError, Option } from 'commander'
import { lakeStats, type Plain, type Trimmed } from '../lake/lake.ts'
import { csvCell } from '../reports/cells/cells.ts'
import { CommandFailure } from './command-failure.ts'
import { boxed } from './kpi-tables.ts'
import { compactText, statsText, trimText, verifyText } from './lake-texts.ts'
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
      'Merge the small files of each day and topic into one. A running server merges by itself, more lazily; the command works beside it.',
    )
    .option('--json', 'print one JSON document: {merged: [{path, parts, rows, bytes}]}')
    .addHelpText('after', '\nExample:\n  questline lake compact')
    .action(async ({ json }: Json) => {
      const merged = await compactNow()
      await (json ? printJson({ merged }) : print(compactText(merged)))
    })
  lake
    .command('trim')
    .summary('take out what is beyond the end of the log, after a restore')
    .description(
      'After books were restored that are older than the lake: take out of it what is beyond the end of their log, since the next events get the same offsets. What the log says stays as it is.',
    )
    .option('--json', 'print one JSON document: {before, upto, cut, removed}')
    .addHelpText('after', '\nExample:\n  questline lake trim')
    .action(async ({ json }: Json) => {
      const trimmed = await trimNow()
      await (json ? printJson(trimmed) : print(trimText(trimmed)))
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
  const [{ withCurrentLake, withLakeLease }, { compact }] = await Promise.all([
    import('./with-lake.ts'),
    import('../lake/lake.ts'),
  ])
  return withCurrentLake((opened) =>
    withLakeLease(opened, async () => {
      const { folder, memoryLimitMb } = opened.reader
      const merges = await compact({ folder, memoryLimitMb, all: true })
      return merges.map(({ parts, into }) => ({
        ...{ path: into.path, parts: parts.length, rows: into.rows, bytes: into.bytes },
      }))
    }),
  )
}

/** Consumers that are further than the log would skip what it says next. */
async function trimNow(): Promise<Trimmed> {
  const [{ withLakeAsItIs, withLakeLease }, { trimLake }, { consumersOf }, { newestOffset }] =
    await Promise.all([
      import('./with-lake.ts'),
      import('../lake/lake.ts'),
      import('../analytics/analytics.ts'),
      import('../log/log.ts'),
    ])
  return withLakeAsItIs(async (opened) => {
    const head = await newestOffset(opened.store.read)
    const ahead = (await consumersOf(opened.analytics.read)).find(({ offset }) => offset > head)
    if (ahead) {
      throw new CommandFailure(
        1,
        `${ahead.name} has counted up to ${ahead.offset} and the log goes to ${head}: stop the server and remove the analytics, which are made again from the log (docs/operations.md, After a restore)`,
      )
    }
    const { folder, memoryLimitMb } = opened.reader
    return withLakeLease(opened, () => trimLake({ folder, memoryLimitMb, head }))
  })
}

function limit(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is not a number of rows.')
}
