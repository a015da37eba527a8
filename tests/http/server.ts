// A whole server in this process, on an empty database and a port of its own, for tests of its HTTP.
import { hash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Books, World } from '../../packages/server/src/books/books.ts'
import { loadConfig } from '../../packages/server/src/config/config.ts'
import { type Questline, startQuestline } from '../../packages/server/src/main.ts'
import type { FreshDatabase } from '../database.ts'
import { type Client, createClient } from './client.ts'

export type Database = { readonly name: string; fresh(): Promise<FreshDatabase> }

export type ServerChanges = {
  /** Settings as the environment gives them. */
  readonly settings?: Readonly<Record<string, string>>
  /** Analytics in the database of the books, where other processes see them. Only with PostgreSQL. */
  readonly sharesAnalytics?: boolean
  readonly world?: Partial<World>
  readonly prepare?: (app: Questline['app']) => void
  /** Makes reports in place of our own command. */
  readonly reportsProgram?: readonly [string, ...string[]]
}

export type TestServer = Client & {
  /** Of the database, for checks that use none of the server's code. */
  readonly databaseUrl: string
  /** Holds its reports too, in the folder `reports`. */
  readonly dataDir: string
  readonly books: Books
  readonly app: Questline['app']
  readonly keys: { readonly operator: string; readonly server: string; readonly ingest: string }
  /** Logs a guest in, who is made by it: the token of its session. */
  guest(userId: string): Promise<string>
  /** As a signal does. A second call waits for the first. */
  halt(): Promise<void>
  /** Halts, and removes the database. */
  stop(): Promise<void>
}

/** What a test needs that is neither about limits nor about logs. */
const QUIET = {
  HOST: '127.0.0.1',
  PORT: '0',
  RATE_LIMIT: 'off',
  LOG_LEVEL: 'silent',
  // A thread that takes half a second to start; tests of live numbers switch it on.
  CONSUMERS: 'off',
}

export const PRODUCTION = {
  ENVIRONMENT: 'production',
  JWT_SECRET: 'f4c3b2a1-production-jwt-secret-of-one-test',
  AF_SECRET: 'a1b2c3f4-production-af-secret-of-one-test',
}

export async function startServer(
  database: Database,
  changes: ServerChanges = {},
): Promise<TestServer> {
  const { url: databaseUrl, drop } = await database.fresh()
  const dataDir = await mkdtemp(join(tmpdir(), 'questline-http-'))
  const config = loadConfig({
    ...QUIET,
    DATABASE_URL: databaseUrl,
    DATA_DIR: dataDir,
    REPORTS_DIR: join(dataDir, 'reports'),
    ...(changes.sharesAnalytics ? { ANALYTICS_URL: databaseUrl } : {}),
    ...changes.settings,
  })
  const { world, settings: _settings, sharesAnalytics: _shares, ...others } = changes
  const questline = await startQuestline(config, { ...world, ...others })
  const client = createClient(questline.address)
  let halting: Promise<void> | undefined
  const halt = (): Promise<void> => {
    halting ??= questline.stop()
    return halting
  }
  return {
    ...client,
    databaseUrl,
    dataDir,
    books: questline.books,
    app: questline.app,
    keys: await makeKeys(questline.books),
    guest: (userId) => tokenOf(client, userId),
    halt,
    async stop() {
      // Clients of games keep their connections; the server has to get rid of them by itself.
      await halt()
      client.close()
      await drop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function makeKeys({ accounts: { keys } }: Books): Promise<TestServer['keys']> {
  const app = 'my-game'
  const [operator, server, ingest] = await Promise.all([
    keys.create({ scope: 'operator' }),
    keys.create({ scope: 'server', app }),
    keys.create({ scope: 'ingest', app }),
  ])
  return { operator: operator.key, server: server.key, ingest: ingest.key }
}

export const aDeviceSecret = (userId: string): string =>
  hash('sha256', `device of ${userId}`, 'base64url')

async function tokenOf(client: Client, userId: string): Promise<string> {
  const body = { userId, deviceSecret: aDeviceSecret(userId) }
  const answer = await client.send('/login', { body })
  if (answer.status !== 200) throw new Error(`${userId} was not let in: ${answer.text}`)
  return String(answer.body['token'])
}
