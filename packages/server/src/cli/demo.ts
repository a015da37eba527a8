import { join } from 'node:path'
import { Command } from 'commander'
import { createAudit } from '../audit/audit.ts'
import { developmentSecrets } from '../books/development-secrets.ts'
import { type Config, loadConfig, processEnvironment } from '../config/config.ts'
import type { Questline } from '../main.ts'
import { randomText, systemClock, systemRandom } from '../platform/platform.ts'
import {
  createGame,
  createSeededRandom,
  type GameSettings,
  playDayOfReports,
} from '../simulate/simulate.ts'
import { auditText } from './audit.ts'
import { playSimulation } from './demo-simulation.ts'
import {
  afterword,
  gameText,
  type MadeReports,
  type Played,
  RATES_FILE,
  reportsText,
  simulatedText,
} from './demo-text.ts'
import { describeDatabase } from './describe-database.ts'
import { print, printJson } from './output.ts'
import { serve } from './serve.ts'
import { simulationDocument } from './simulate-text.ts'

type Options = { readonly once?: true; readonly seed?: string; readonly json?: true }

export const demoCommand = (): Command =>
  new Command('demo')
    .description(
      'Run a development server on this machine only, let a made-up game play on it over HTTP, audit the books, make the daily reports of made-up purchases, play another game through the SDK whose live numbers are shown and compared with the truth, and stay up until Ctrl-C. It uses its own folder, demo in DATA_DIR, and no other setting than DATA_DIR, PORT and LOG_LEVEL; run it as often as you like.',
    )
    .option('--once', 'end after the game instead of staying up')
    .option('--seed <text>', 'play this game; each seed once per folder (default: a new one)')
    .option(
      '--json',
      'print one JSON document: {address, database, seed, game, audit, reports, simulation}',
    )
    .addHelpText(
      'after',
      `
Exit code 1 means that an answer, a report or a number was wrong, or the audit found something.

Examples:
  questline demo
  PORT=9000 questline demo
  questline demo --once --json | jq .audit.ok`,
    )
    .action(async ({ once, seed = randomText(systemRandom(), 6), json }: Options) => {
      const config = loadConfig(demoEnvironment())
      await serve(config, async (server) => {
        if (!json) await print(`Questline demo on ${server.address}, ${describeDatabase(config)}\n`)
        const played = await play(config, server, seed)
        if (!json) await print(`${gameText(played)}\n\n${auditText(played.audit)}\n`)
        const reports = await makeReports(config, server)
        if (!json) await print(`${reportsText(reports)}\n`)
        const isLive = !json && process.stdout.isTTY === true
        const ratesFile = join(config.dataDir, RATES_FILE)
        const simulated = await playSimulation(server, { seed, ratesFile, isLive })
        const simulation = simulationDocument(simulated.result)
        if (json) await printJson({ ...played, reports, simulation })
        else await print(simulatedText(simulated))
        const mismatches = [...played.game.mismatches, ...reports.mismatches]
        const isRight = mismatches.length === 0 && played.audit.ok && simulation.right
        if (once) return isRight ? 0 : 1
        if (!json) await print(`\n${afterword(server.address, config.dataDir)}`)
        return 'stay'
      })
    })

/**
 * Whatever the settings say of a real server: the demo opens its doors, so it stays on loopback.
 * Its game forges signatures, which a server warns of.
 */
function demoEnvironment() {
  const { DATA_DIR, PORT, LOG_LEVEL = 'error' } = processEnvironment()
  const dataDir = join(DATA_DIR?.trim() || 'data', 'demo')
  return { DATA_DIR: dataDir, REPORTS_DIR: join(dataDir, 'reports'), PORT, LOG_LEVEL }
}

/** Some 700 requests: they fit into what one address may send at once, so all limits stay on. */
const GAME: GameSettings = {
  guests: 12,
  registered: 3,
  turnsPerPlayer: 20,
  deeplinks: 6,
  purchases: 5,
}

async function play(config: Config, server: Questline, seed: string): Promise<Played> {
  const startedMs = systemClock.monotonic()
  const game = createGame(
    {
      baseUrl: server.address,
      random: createSeededRandom(seed),
      clock: systemClock,
      fetch: globalThis.fetch,
      afSecret: developmentSecrets(config.dataDir, systemRandom()).postback,
    },
    GAME,
  )
  const summary = await game.play()
  const tookMs = Math.round(systemClock.monotonic() - startedMs)
  const audit = await createAudit({ store: server.books.store }).run()
  const database = describeDatabase(config)
  return { address: server.address, database, seed, tookMs, game: summary, audit }
}

/** Some 9,000 rows, a second's work. */
const REPORTS = { purchases: 3_000, seed: 'demo' }
const DAY_MS = 86_400_000

/** Yesterday's reports, of files that every demo of that day writes alike. */
async function makeReports(config: Config, { address }: Questline): Promise<MadeReports> {
  const startedMs = systemClock.monotonic()
  const { data: dataDir, out: reportsDir } = config.reports
  const yesterday = new Date(systemClock.now() - DAY_MS).toISOString().slice(0, 10)
  const day = await playDayOfReports(
    { baseUrl: address, fetch: globalThis.fetch },
    { ...REPORTS, dataDir, reportsDir, lastDay: yesterday },
  )
  const tookMs = Math.round(systemClock.monotonic() - startedMs)
  return { ...day, address, dataDir, reportsDir, tookMs }
}
