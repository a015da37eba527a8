import { Command } from 'commander'
import { createAudit } from '../audit/audit.ts'
import { backup, POSTGRES_COMMANDS } from '../backup/backup.ts'
import { loadConfig, processEnvironment } from '../config/config.ts'
import { auditText } from './audit.ts'
import { CommandFailure } from './command-failure.ts'
import { print, printJson } from './output.ts'
import { requireBooks } from './require-books.ts'
import { withDatabase } from './with-database.ts'

type Options = { readonly force?: true; readonly json?: true }

export const backupCommand = (): Command =>
  new Command('backup')
    .description(
      'Copy the books into FILE: all that was acknowledged before, as of one moment, while the server goes on. The copy is audited before it gets its name. Everything else of DATA_DIR is made from the books again, but for the secrets, which are yours to keep. With PostgreSQL it prints the command to run.',
    )
    .argument('<file>', 'the copy, which must not exist')
    .option('--force', 'replace FILE if it exists')
    .option('--json', 'print one JSON document: {file, bytes, audit}')
    .addHelpText(
      'after',
      `
Exit code 1 with a copy in place means that the audit of it found something wrong.

Examples:
  questline backup backups/monday.db
  questline backup --force /mnt/backup/app.db`,
    )
    .action(async (file: string, { force, json }: Options) => {
      refusePostgres('backup', file)
      requireBooks()
      const { verified: audit, ...copy } = await withDatabase(({ store, random }) =>
        backup(
          { store, random, verify: (copied) => createAudit({ store: copied }).run() },
          { file, overwrite: force === true },
        ),
      )
      if (json) await printJson({ ...copy, audit })
      else
        await print(
          `${copy.file}: ${copy.bytes.toLocaleString('en-US')} bytes\n${auditText(audit)}`,
        )
      if (!audit.ok) process.exitCode = 1
    })

/** Says which of PostgreSQL's own tools to run. @throws CommandFailure */
export function refusePostgres(what: 'backup' | 'restore', file: string): void {
  const { database } = loadConfig(processEnvironment()).store
  if (database.kind === 'sqlite') return
  const commands = POSTGRES_COMMANDS[what](file).map((command) => `  ${command}`)
  const first = what === 'restore' ? ' Stop every server, then run' : ' Run'
  throw new CommandFailure(
    2,
    `the books are in PostgreSQL, which has its own tools.${first}:\n${commands.join('\n')}`,
  )
}
