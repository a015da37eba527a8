import { Command } from 'commander'
import { SCHEMA_VERSION } from '../store/store.ts'
import { describeDatabase } from './describe-database.ts'
import { print, printJson } from './output.ts'
import { withDatabase } from './with-database.ts'

export const migrateCommand = (): Command =>
  new Command('migrate')
    .description(
      'Bring the database to the schema of this version. Every command and the server do it by themselves; on its own it is for deployments that migrate first.',
    )
    .option('--json', 'print one JSON document: {database, schema, applied}')
    .addHelpText(
      'after',
      `
Examples:
  questline migrate
  DATABASE_URL=postgresql://app@db/game questline migrate --json`,
    )
    .action(async ({ json }: { readonly json?: true }) => {
      const { database, applied } = await withDatabase(async ({ config, applied }) => ({
        database: describeDatabase(config),
        applied,
      }))
      if (json) return printJson({ database, schema: SCHEMA_VERSION, applied })
      const done = applied.length === 0 ? 'was up to date' : `applied: ${applied.join(', ')}`
      await print(`${database} has schema ${SCHEMA_VERSION} (${done})`)
    })
