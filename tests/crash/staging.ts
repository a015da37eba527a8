// Everything that a campaign needs before its first server starts: settings, secrets, an operator's
// key, and those who will write.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBooks, theWorld } from '../../packages/server/src/books/books.ts'
import { loadConfig } from '../../packages/server/src/config/config.ts'
import { type FreshDatabase, freshPostgres, freshSqlite } from '../database.ts'
import type { Actor, Stage } from './actors.ts'
import { createChance } from './chance.ts'
import {
  type Command,
  type Program,
  type Server,
  type Settings,
  startCommand,
  startServer,
} from './child.ts'
import { createCrowd } from './crowd.ts'
import { createGame } from './game.ts'
import { createJournal } from './journal.ts'
import { createPlayer } from './player.ts'
import { createAdNetwork, createClicker, createNewcomer, createSessionHolder } from './visitors.ts'

export type Staging = {
  readonly url: string
  readonly stage: Stage
  readonly actors: readonly Actor[]
  /** Starts a server on the database; resolves when it can take writes. */
  start(settings?: Settings): Promise<Server>
  /** Starts it by its command, as users do. */
  command(): Command
  /** Kills what still runs, and removes the database and the folder. */
  dispose(): Promise<void>
}

/** Compiling takes half the time of a start, and hundreds of starts compile the same. */
const COMPILED = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'crash')
const PLAYERS = 6
const CROWD = 4
const INGEST_KEY = 'a-key-of-the-game-in-crash-tests'

export const FRESH = { sqlite: freshSqlite, postgres: freshPostgres } as const
export type DatabaseName = keyof typeof FRESH

/** @param run decides the choices of those who write */
export async function setTheStage(
  database: { fresh(): Promise<FreshDatabase> },
  run: number,
): Promise<Staging> {
  const { url, drop } = await database.fresh()
  const folder = await mkdtemp(join(tmpdir(), 'questline-crash-'))
  const secret = randomBytes(32).toString('hex')
  const settings = {
    DATABASE_URL: url,
    DATA_DIR: folder,
    HOST: '127.0.0.1',
    PORT: '0',
    RATE_LIMIT: 'off',
    LOG_LEVEL: 'warn',
    JWT_SECRET: randomBytes(32).toString('hex'),
    AF_SECRET: secret,
    // What reads the log is killed in tests of its own.
    CONSUMERS: 'off',
    EVENT_API_KEY: INGEST_KEY,
    PASSWORD_HASHES_AT_ONCE: '1',
    NODE_COMPILE_CACHE: COMPILED,
  }
  const operator = await operatorKey(settings)
  let ids = 0
  const stage: Stage = {
    journal: createJournal(),
    chance: createChance(run),
    newId(name) {
      ids += 1
      return `${name}-${ids}`
    },
  }
  const running: Pick<Program, 'kill' | 'gone'>[] = []
  return {
    url,
    stage,
    actors: cast(stage, operator, secret),
    async start(more = {}) {
      const server = await startServer({ ...settings, ...more })
      running.push(server)
      return server
    },
    command() {
      const command = startCommand(settings)
      running.push(command)
      return command
    },
    async dispose() {
      for (const { kill } of running) kill('SIGKILL')
      await Promise.all(running.map(({ gone }) => gone))
      await drop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function operatorKey(settings: Settings): Promise<string> {
  const config = loadConfig(settings)
  const books = await openBooks(config, theWorld(config))
  try {
    return (await books.accounts.keys.create({ scope: 'operator' })).key
  } finally {
    await books.close()
  }
}

const cast = (stage: Stage, operator: string, secret: string): Actor[] => [
  ...Array.from({ length: PLAYERS }, (_, i) => createPlayer(stage, `player${i + 1}`, operator)),
  ...createCrowd(stage, 'crowd', CROWD),
  createClicker(stage),
  createAdNetwork(stage, secret),
  createNewcomer(stage),
  createSessionHolder(stage),
  createSessionHolder(stage),
  createGame(stage, INGEST_KEY),
  createGame(stage, INGEST_KEY),
]
