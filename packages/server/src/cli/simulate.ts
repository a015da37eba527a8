import { setTimeout as sleep } from 'node:timers/promises'
import { Command, InvalidArgumentError } from 'commander'
import { createApiKeys } from '../accounts/accounts.ts'
import { processEnvironment } from '../config/config.ts'
import { randomText, systemClock, systemRandom } from '../platform/platform.ts'
import {
  machineTime,
  NoAnswerError,
  type SimulationParts,
  type SimulationResult,
  type SimulationSettings,
  simulateGame,
  type UsdRates,
} from '../simulate/simulate.ts'
import { CommandFailure } from './command-failure.ts'
import { print, printJson } from './output.ts'
import { readDays } from './rates.ts'
import { showProgress } from './simulate-progress.ts'
import { simulationDocument, simulationText } from './simulate-text.ts'
import { withDatabase } from './with-database.ts'

type Options = {
  readonly to?: string
  readonly players: number
  readonly rate: number
  readonly minutes: number
  readonly speed: number
  readonly seed?: string
  readonly duplicates: number
  readonly late: number
  readonly bad: number
  readonly offline: number
  readonly skew?: true
  readonly rates?: string
  readonly app?: string
  readonly key?: string
  readonly operatorKey?: string
  readonly wait: number
  readonly onlyMinutes?: true
  readonly json?: true
}

export const simulateCommand = (): Command =>
  new Command('simulate')
    .description(
      'Play a made-up game through the SDK on a running server: players with countries, platforms, sessions, matches and purchases in several currencies. It keeps the exact truth, waits until the server has counted, and tells each number that is another. The app must be the game’s alone meanwhile; what it holds before is taken off.',
    )
    .option('--to <url>', 'the server (default: this machine, at PORT)', address)
    .option('--players <n>', 'players, each with a device', number(1, 1_000_000, true), 100)
    .option('--rate <n>', 'events per second of the game, about', number(0.01, 100_000), 20)
    .option('--minutes <n>', 'how long the game is', number(0.05, 10_000), 1)
    .option('--speed <x>', 'above 1 it lies in the past and ends now', number(1, 10_000), 1)
    .option('--seed <text>', 'the same seed plays the same game (default: a new one)')
    .option('--duplicates <share>', 'requests that arrive twice, as 5%', share, 0)
    .option('--late <share>', 'events that are told up to 40 minutes later', share, 0)
    .option('--bad <share>', 'events that must not count', share, 0)
    .option(
      '--offline <share>',
      'moves after which a player has no connection for a while',
      share,
      0,
    )
    .option('--skew', 'some devices have a wrong clock')
    .option(
      '--rates <file>',
      'the file that was given to rates import, for revenue in other currencies',
    )
    .option(
      '--app <id>',
      'the app of the keys (default: simulation, with keys that are made for it)',
    )
    .option('--key <key>', 'a key of scope ingest, or SIMULATE_KEY')
    .option('--operator-key <key>', 'a key of scope operator, or SIMULATE_OPERATOR_KEY')
    .option(
      '--wait <seconds>',
      'so long without progress, and what is missing is missing',
      number(1, 3_600),
      30,
    )
    .option(
      '--only-minutes',
      'compare neither hours nor days: where Flink counts, a restatement writes them later',
    )
    .option('--json', 'print one JSON document: {run, right, verdicts, truth, differences, …}')
    .addHelpText(
      'after',
      `
Without keys it makes two of them in the database of the settings and revokes them at the end, so it
must be the database of that server. Ctrl-C ends the game early: what was played is sent and compared.
Exit code 1 means that a number or a verdict was another than it must be. Where Flink counts, hours, days
and whatever came late are not there before \`questline flink restate\`: say --only-minutes, and no --late.

Examples:
  questline simulate
  questline simulate --players 500 --rate 200 --minutes 5 --duplicates 5% --late 2% --bad 1% --offline 3% --skew
  questline simulate --minutes 60 --speed 60 --seed monday
  questline simulate --to https://events.example.com --app my-game --key "$KEY" --operator-key "$OPERATOR_KEY"`,
    )
    .action(async (options: Options) => {
      const ending = new AbortController()
      // The second one ends it at once.
      process.once('SIGINT', () => ending.abort())
      const result = await run(options, ending.signal)
      if (options.json) await printJson(simulationDocument(result))
      else await print(simulationText(result))
      if (!result.right) process.exitCode = 1
    })

type Keys = Pick<SimulationSettings, 'app' | 'ingestKey' | 'operatorKey'>

async function run(options: Options, signal: AbortSignal): Promise<SimulationResult> {
  const { to, seed, wait, json, onlyMinutes } = options
  const environment = processEnvironment()
  const url = to ?? `http://127.0.0.1:${environment['PORT']?.trim() || 8000}`
  const rates = await readUsdRates(options.rates)
  const { players, rate, minutes, speed, duplicates, late, bad, offline, skew } = options
  const game = {
    players,
    rate,
    minutes,
    speed,
    duplicates,
    late,
    bad,
    offline,
    skew: skew === true,
  }
  const parts = gameParts(signal, json === true)
  try {
    return await withKeys(options, environment, (keys) =>
      simulateGame(parts, {
        ...{ ...game, ...keys, url, rates },
        seed: seed ?? randomText(systemRandom(), 4),
        ...{ patienceMs: wait * 1_000, edgeMs: 5_000 },
        ...(onlyMinutes ? { grains: ['minute'] } : {}),
      }),
    )
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error
    throw new CommandFailure(
      2,
      `${url} does not show its numbers: is it a Questline server that runs? ${error.message}`,
    )
  }
}

/** A game in the time of this machine. */
export const gameParts = (signal: AbortSignal, quiet: boolean): SimulationParts => ({
  time: machineTime(systemClock),
  fetch: (address, request) => fetch(address, request),
  ask: globalThis.fetch,
  pause: sleep,
  monotonic: systemClock.monotonic,
  progress: quiet || !process.stderr.isTTY ? () => undefined : showProgress(systemClock),
  signal,
})

const DEFAULT_APP = 'simulation'

async function withKeys<T>(
  { app, key, operatorKey }: Options,
  environment: Readonly<Record<string, string | undefined>>,
  work: (keys: Keys) => Promise<T>,
): Promise<T> {
  const ingest = key ?? environment['SIMULATE_KEY']
  const operator = operatorKey ?? environment['SIMULATE_OPERATOR_KEY']
  if (ingest !== undefined && operator !== undefined) {
    if (app === undefined) throw new CommandFailure(2, '--app names the app of the keys')
    return work({ app, ingestKey: ingest, operatorKey: operator })
  }
  if (ingest !== undefined || operator !== undefined) {
    throw new CommandFailure(2, 'give both --key and --operator-key, or none')
  }
  return withDatabase(async (opened) => {
    const keys = createApiKeys(opened)
    const of = { app: app ?? DEFAULT_APP, name: 'questline simulate' }
    const made = await keys.create({ scope: 'ingest', ...of })
    const watching = await keys.create({ scope: 'operator', ...of })
    try {
      return await work({ app: of.app, ingestKey: made.key, operatorKey: watching.key })
    } finally {
      await keys.revoke(made.id)
      await keys.revoke(watching.id)
    }
  })
}

async function readUsdRates(file: string | undefined): Promise<UsdRates> {
  if (file === undefined) return new Map()
  return new Map(
    (await readDays(file)).flatMap(({ date, usdPerUnit }) =>
      Object.entries(usdPerUnit).map(([currency, rate]) => [`${date} ${currency}`, rate]),
    ),
  )
}

function address(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text
  throw new InvalidArgumentError('It is no address such as https://events.example.com.')
}

function number(min: number, max: number, isWhole = false) {
  return (text: string): number => {
    const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max && (!isWhole || Number.isInteger(value))) return value
    throw new InvalidArgumentError(
      `It is a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}.`,
    )
  }
}

/** `5%`, or 0.05. */
function share(text: string): number {
  const [, digits, percent] = /^(\d{1,3}(?:\.\d{1,6})?)(%?)$/.exec(text) ?? []
  const value = digits === undefined ? Number.NaN : Number(digits) / (percent === '%' ? 100 : 1)
  if (value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('It is a share such as 5%.')
}
