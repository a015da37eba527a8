import { Command, Option } from 'commander'
import { developmentSecrets } from '../books/development-secrets.ts'
import { loadConfig, processEnvironment } from '../config/config.ts'
import { systemClock, systemRandom } from '../platform/platform.ts'
import { type PostbackTestResult, runPostbackTest } from '../simulate/simulate.ts'
import { CommandFailure } from './command-failure.ts'
import { print, printJson, table } from './output.ts'

type Options = {
  readonly url?: string
  readonly secret?: string
  readonly unsigned: 'accepted' | 'refused' | 'either'
  readonly timeout: string
  readonly json?: true
}

export const postbackTestCommand = (): Command =>
  new Command('postback-test')
    .description(
      'Play five postbacks against a running server: without a signature, with a valid one, with one of another secret, with a changed body, and the valid one again. Stores at most two of them, as events named questline_postback_test without revenue.',
    )
    .option('--url <url>', 'the server (default: this machine, at PORT)')
    .option('--secret <text>', 'its AF_SECRET (default: that of the settings)')
    .addOption(
      new Option('--unsigned <fate>', 'what must happen to the one without a signature')
        .choices(['accepted', 'refused', 'either'])
        .default('either'),
    )
    .option('--timeout <ms>', 'how long to wait for each answer', '10000')
    .option('--json', 'print one JSON document: {passed, url, unsignedDoor, checks, curl}')
    .addHelpText(
      'after',
      `
Exit code 1 means that a check failed.

Examples:
  questline postback-test
  AF_SECRET=… questline postback-test --url https://game.example.com --unsigned refused`,
    )
    .action(async ({ json, ...options }: Options) => {
      const parts = { clock: systemClock, random: systemRandom() }
      const result = await runPostbackTest(parts, settingsOf(options))
      await (json ? printJson(result) : print(resultText(result)))
      if (!result.passed) process.exitCode = 1
    })

/** What is not said comes from the settings of the server that runs in this folder. */
function settingsOf({ url, secret, unsigned, timeout }: Omit<Options, 'json'>) {
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new CommandFailure(2, `--url ${url} is no address such as https://game.example.com`)
  }
  if (!/^[1-9]\d{0,6}$/.test(timeout)) {
    throw new CommandFailure(2, `--timeout ${timeout} is no number of milliseconds`)
  }
  const common = { unsigned, timeoutMs: Number(timeout) }
  if (url !== undefined && secret !== undefined) return { ...common, url, secret }
  const config = loadConfig(processEnvironment())
  const known = config.production
    ? config.secrets.postback
    : (config.secrets.postback ?? developmentSecrets(config.dataDir, systemRandom()).postback)
  const given = secret ?? known
  if (given === undefined) throw new CommandFailure(2, 'set AF_SECRET, or say --secret')
  return { ...common, url: url ?? `http://127.0.0.1:${config.http.port}`, secret: given }
}

function resultText({ passed, url, checks, curl }: PostbackTestResult): string {
  const rows = checks.map((check) => [check.passed ? 'pass' : 'FAIL', check.name, check.detail])
  const verdict = passed ? 'passed' : 'FAILED'
  return `${url}\n${table(rows, '  ')}\n${verdict}\n\nThe valid one again, by hand:\n${curl}`
}
