import { Command, Option } from 'commander'
import { createApiKeys, KEY_SCOPES, type ListedKey } from '../accounts/accounts.ts'
import { toInstant } from '../platform/platform.ts'
import { CommandFailure } from './command-failure.ts'
import { print, printJson, table } from './output.ts'
import { withDatabase } from './with-database.ts'

type Json = { readonly json?: true }
type NewKeyOptions = Json & {
  readonly scope: string
  readonly app?: string
  readonly name?: string
}

export function keysCommand(): Command {
  const keys = new Command('keys').description(
    'API keys: bearer secrets of programs. Only a hash of each is stored. A running server knows of a new or revoked key from its next request on.',
  )
  keys
    .command('create')
    .summary('make a key and show it, this once')
    .description('Make a key and show it, this once.')
    .addOption(
      new Option('--scope <scope>', 'what it may do').choices(KEY_SCOPES).makeOptionMandatory(),
    )
    .option('--app <id>', 'the app it belongs to; an operator key without it sees every app')
    .option('--name <text>', 'for the list')
    .option('--json', 'print one JSON document: {id, scope, app, key}')
    .addHelpText(
      'after',
      `
Scopes:
  ingest    sends events of its app
  server    earns and spends for the players of its app, and sends events
  operator  sees every player, corrects balances, reads metrics

Examples:
  questline keys create --scope operator --name "Ada's laptop"
  KEY=$(questline keys create --scope server --app my-game --json | jq -r .key)`,
    )
    .action(async ({ json, ...wanted }: NewKeyOptions) => {
      const made = await withDatabase((opened) => createApiKeys(opened).create(wanted))
      if (json) return printJson(made)
      await print(`${made.key}\nkey ${made.id} is shown this once: keep it where secrets are kept`)
    })
  keys
    .command('list')
    .summary('list all keys, revoked ones too')
    .description('List all keys, revoked ones too, without their secrets.')
    .option(
      '--json',
      'print one JSON document: {keys: [{id, scope, app, name, createdAt, revokedAt}]}',
    )
    .addHelpText('after', '\nExamples:\n  questline keys list\n  questline keys list --json')
    .action(async ({ json }: Json) => {
      const listed = await withDatabase((opened) => createApiKeys(opened).list())
      await (json ? printJson({ keys: listed.map(toDocument) }) : print(listText(listed)))
    })
  keys
    .command('revoke')
    .summary('revoke a key for ever')
    .description('Revoke a key for ever. Revoking it again changes nothing.')
    .argument('<id>', 'as keys list shows it')
    .option('--json', 'print one JSON document: {id, revoked}')
    .addHelpText('after', '\nExamples:\n  questline keys revoke 1f0c9a7be2d34455')
    .action(async (id: string, { json }: Json) => {
      const revoked = await withDatabase((opened) => createApiKeys(opened).revoke(id))
      if (!revoked) throw new CommandFailure(2, `there is no key ${id}: keys list shows them`)
      await (json ? printJson({ id, revoked }) : print(`key ${id} is revoked`))
    })
  return keys
}

const toDocument = ({ createdAt, revokedAt, ...key }: ListedKey) => ({
  ...key,
  createdAt: toInstant(createdAt),
  revokedAt: revokedAt === null ? null : toInstant(revokedAt),
})

function listText(keys: readonly ListedKey[]): string {
  if (keys.length === 0) return 'there are no keys: questline keys create makes one'
  const rows = keys
    .map(toDocument)
    .map(({ id, scope, app, name, createdAt, revokedAt }) => [
      ...[id, scope, app ?? '(every app)', createdAt],
      ...[revokedAt === null ? '' : `revoked ${revokedAt}`, name ?? ''],
    ])
  return table([['ID', 'SCOPE', 'APP', 'CREATED', 'REVOKED', 'NAME'], ...rows])
}
