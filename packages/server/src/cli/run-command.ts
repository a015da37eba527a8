import { Command, CommanderError } from 'commander'
import { VERSION } from '../version.ts'
import { explainFailure } from './explain-failure.ts'

export type Entry = {
  readonly name: string
  readonly summary: string
  /** Loads what the command needs, and nothing that another one needs. */
  load(): Promise<Command>
}

const COMMANDS: readonly Entry[] = [
  {
    name: 'start',
    summary: 'run the server',
    load: async () => (await import('./start.ts')).startCommand(),
  },
  {
    name: 'demo',
    summary: 'run a server with a made-up game that plays on it',
    load: async () => (await import('./demo.ts')).demoCommand(),
  },
  {
    name: 'migrate',
    summary: 'bring the database to the schema of this version',
    load: async () => (await import('./migrate.ts')).migrateCommand(),
  },
  {
    name: 'audit',
    summary: 'check balances, ledger, log and keys against each other',
    load: async () => (await import('./audit.ts')).auditCommand(),
  },
  {
    name: 'backup',
    summary: 'copy the books into a file, beside a running server',
    load: async () => (await import('./backup.ts')).backupCommand(),
  },
  {
    name: 'restore',
    summary: 'put a copy in the place of the books',
    load: async () => (await import('./restore.ts')).restoreCommand(),
  },
  {
    name: 'keys',
    summary: 'create, list and revoke API keys',
    load: async () => (await import('./keys.ts')).keysCommand(),
  },
  {
    name: 'players',
    summary: 'bind a device secret to a guest',
    load: async () => (await import('./players.ts')).playersCommand(),
  },
  {
    name: 'import',
    summary: 'bring events from files into the log',
    load: async () => (await import('./import.ts')).importCommand(),
  },
  {
    name: 'postback-test',
    summary: 'play five postbacks against a running server',
    load: async () => (await import('./postback-test.ts')).postbackTestCommand(),
  },
  {
    name: 'reports',
    summary: 'make the daily reports, list their runs, count daily users',
    load: async () => (await import('./reports.ts')).reportsCommand(),
  },
  {
    name: 'kpi',
    summary: 'show revenue, purchases and users per minute',
    load: async () => (await import('./kpi.ts')).kpiCommand(),
  },
  {
    name: 'quality',
    summary: 'list, show and replay refused events',
    load: async () => (await import('./quality.ts')).qualityCommand(),
  },
  {
    name: 'rates',
    summary: 'import exchange rates',
    load: async () => (await import('./rates.ts')).ratesCommand(),
  },
  {
    name: 'kafka',
    summary: 'create and check the topics of Kafka, show how far each stage is behind',
    load: async () => (await import('./kafka.ts')).kafkaCommand(),
  },
  {
    name: 'windows',
    summary: 'count the numbers of minutes, hours and days anew',
    load: async () => (await import('./windows.ts')).windowsCommand(),
  },
  {
    name: 'flink',
    summary: 'deploy, watch, stop and resume the job that counts minutes on Flink',
    load: async () => (await import('./flink.ts')).flinkCommand(),
  },
  {
    name: 'lake',
    summary: 'ask, check and merge the files of all events',
    load: async () => (await import('./lake.ts')).lakeCommand(),
  },
  {
    name: 'simulate',
    summary: 'play a made-up game on a server, and compare its numbers with the truth',
    load: async () => (await import('./simulate.ts')).simulateCommand(),
  },
  {
    name: 'openapi',
    summary: 'print or write the OpenAPI document and the Postman collection',
    load: async () => (await import('./openapi.ts')).openapiCommand(),
  },
  {
    name: 'schemas',
    summary: 'print or write the JSON Schemas of the events, with their page',
    load: async () => (await import('./schemas.ts')).schemasCommand(),
  },
]

const NODE_MAJOR_MIN = 26

const EXIT_CODES = `
Exit codes: 0 done; 1 it found something wrong, or failed; 2 called wrongly, or unusable settings.
Output goes to stdout, logs and errors to stderr. Settings come from the environment and from .env.`

/**
 * Runs the command that `words` name and sets the exit code of the process.
 * @param commands all that there are; tests replace what one of them does
 */
export async function runCommand(
  words: readonly string[],
  commands: readonly Entry[] = COMMANDS,
): Promise<void> {
  if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
    process.stderr.write(
      `questline needs Node ${NODE_MAJOR_MIN} or newer; this is ${process.version}. Run npm ci, which installs it, and call questline with npx.\n`,
    )
    process.exitCode = 2
    return
  }
  // A reader that has seen enough, as `head`, is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  try {
    const program = await createProgram(words, commands)
    await program.parseAsync([...words], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed its message or the help already.
      process.exitCode = error.exitCode === 0 ? 0 : 2
      return
    }
    const { message, exitCode } = await explainFailure(error)
    process.stderr.write(`questline: ${message}\n`)
    process.exitCode = exitCode
  }
}

/** All commands by name, and the one that is called with its options. */
async function createProgram(
  words: readonly string[],
  commands: readonly Entry[],
): Promise<Command> {
  const program = new Command('questline')
    .description('The game backend: accounts, currency, events and attribution in one process.')
    .version(VERSION)
    .addHelpText(
      'after',
      `
Examples:
  questline demo                         see it work
  questline start                        run the server
  questline keys create --scope operator make a key for yourself
  questline help keys                    more about a command`,
    )
  const called = words[0] === 'help' ? words[1] : words[0]
  for (const { name, summary, load } of commands) {
    const command = name === called ? await load() : new Command(name)
    program.addCommand(command.summary(summary))
  }
  return prepared(program)
}

/** What holds for all: errors are thrown to us, and the help ends with the exit codes. */
function prepared(command: Command): Command {
  command.exitOverride().addHelpText('after', EXIT_CODES)
  command.configureOutput({
    outputError: (text, write) => write(text.replace(/^error: /, 'questline: ')),
  })
  command.showHelpAfterError(`(questline ${pathOf(command)}--help says more)`)
  for (const sub of command.commands) prepared(sub)
  return command
}

const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)}${command.name()} ` : ''
