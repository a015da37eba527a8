import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { isCurrencyCode } from '@questline/contracts'
import { Command, InvalidArgumentError } from 'commander'
import { type ImportResult, importEvents, UnreadableFileError } from '../ingest/ingest.ts'
import { CommandFailure } from './command-failure.ts'
import { print, printJson, table } from './output.ts'
import { unreadable } from './unreadable.ts'
import { withDatabase } from './with-database.ts'

type Options = {
  readonly app?: string
  readonly source?: string
  readonly currency?: string
  readonly json?: true
}
type Imported = ImportResult & { readonly file: string; readonly source: string }

export function importCommand(): Command {
  const command = new Command('import').description(
    'Bring data of other systems in, beside a running server or without one.',
  )
  command
    .command('events')
    .summary('bring events from files into the log')
    .description(
      'Bring events from files into the log, in the order of their lines. A run that was interrupted goes on where it was; a file that was imported before changes nothing.',
    )
    .argument('<file...>', 'NDJSON, plain or gzip, or Parquet: the first bytes say which')
    .option('--app <id>', 'the app they are of', 'default')
    .option('--source <name>', "names the file; without it, the file's own name does")
    .option(
      '--currency <code>',
      'ISO 4217, of each purchase_value that names no currency; US dollars without it',
      currencyCode,
    )
    .option(
      '--json',
      'print one JSON document: {files: [{file, source, lines, resumedAfter, accepted, duplicates, conflicts, rejected}]}',
    )
    .addHelpText('after', HELP)
    .action(async (files: readonly string[], options: Options) => {
      const named = namesOf(files, options.source)
      await refuseUnreadable(files)
      const { app = 'default', currency = null } = options
      const imported = await importAll(named, { app, currency })
      await (options.json ? printJson({ files: imported }) : print(textOf(imported)))
    })
  return command
}

const HELP = `
A line is an event as POST /v1/events takes it, or of the raw form {"event-type": …, "time": …}. One
without an event_id gets the one that app, source and line number stand for. Bad lines are kept with
their file and line: they do not stop an import. --currency is written into the events that it
is of; a file that was imported before keeps what it had.

Examples:
  questline import events march.ndjson.gz
  questline import events --app my-game --source old-backend events.parquet
  questline import events --currency EUR purchases.ndjson`

type Named = { readonly file: string; readonly source: string }

function namesOf(files: readonly string[], source: string | undefined): readonly Named[] {
  if (source !== undefined && files.length > 1) {
    throw new CommandFailure(2, '--source names one file: import each with a name of its own')
  }
  const named = files.map((file) => ({ file, source: source ?? basename(file) }))
  const twice = named.find(({ source: name }, i) => named.findIndex((n) => n.source === name) < i)
  if (twice === undefined) return named
  throw new CommandFailure(
    2,
    `two files are named ${twice.source}: import each with a --source of its own`,
  )
}

function currencyCode(text: string): string {
  const code = text.toUpperCase()
  if (isCurrencyCode(code)) return code
  throw new InvalidArgumentError('It is no known code, such as EUR.')
}

/** Before anything is written, so that a misspelt name changes nothing. */
async function refuseUnreadable(files: readonly string[]): Promise<void> {
  for (const file of files) {
    try {
      if ((await stat(file)).isDirectory()) throw new CommandFailure(2, `${file} is a folder`)
      await access(file, constants.R_OK)
    } catch (error) {
      throw error instanceof Error && 'syscall' in error ? unreadable(file, error) : error
    }
  }
}

async function importAll(
  files: readonly Named[],
  said: { readonly app: string; readonly currency: string | null },
): Promise<readonly Imported[]> {
  return withDatabase(async ({ store, writer, clock }) => {
    const imported: Imported[] = []
    for (const { file, source } of files) {
      const onProgress = progressOf(file)
      const request = { file, source, ...said, onProgress }
      const result = await importEvents({ store, writer, now: clock.now }, request).catch(
        asUnreadable,
      )
      onProgress(null)
      imported.push({ file, source, ...result })
    }
    return imported
  })
}

function asUnreadable(error: unknown): never {
  if (error instanceof UnreadableFileError) throw new CommandFailure(2, error.message)
  throw error
}

/** One line of a terminal that is written over and over; null clears it. Nothing into a file or pipe. */
function progressOf(file: string): (lines: number | null) => void {
  return (lines) => {
    if (!process.stderr.isTTY) return
    process.stderr.write(lines === null ? '\r\x1b[K' : `\r\x1b[K${basename(file)}: ${lines} lines`)
  }
}

function textOf(imported: readonly Imported[]): string {
  const rows = imported.map(({ file, lines, accepted, duplicates, conflicts, rejected }) => [
    ...[file, String(lines), String(accepted), String(duplicates)],
    ...[String(conflicts), String(rejected)],
  ])
  return table([['FILE', 'LINES', 'ACCEPTED', 'DUPLICATES', 'CONFLICTS', 'REJECTED'], ...rows])
}
