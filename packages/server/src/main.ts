import { mkdirSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { type Books, openBooks, theWorld, type World } from './books.ts'
import type { Config } from './config.ts'
import { createHttp } from './http/http.ts'
import { createInFlight, createRefusalSweep } from './idempotency/idempotency.ts'
import { createMetrics, type Metrics, type Stop, startAll } from './platform/platform.ts'
import { claimServer, StoreFailure } from './store/store.ts'
import { VERSION } from './version.ts'

export type Questline = {
  readonly books: Books
  readonly app: FastifyInstance
  /** Where it listens, as `http://127.0.0.1:8000`. */
  readonly address: string
  /** Answers what is in flight, commits what is queued, closes everything. */
  stop(): Promise<void>
}

const SWEEP_INTERVAL_MS = 60_000

/** Starts a server: config → store → stages → http, and stops in reverse. */
export async function startQuestline(
  config: Config,
  changes: Partial<World> & { readonly prepare?: (app: FastifyInstance) => void } = {},
): Promise<Questline> {
  const metrics = createMetrics()
  const observeCommit = measureCommits(metrics)
  const world: World = { ...theWorld(config), onCommit: observeCommit, ...changes }
  const { database } = config.store
  const release = database.kind === 'sqlite' ? claim(database.file) : () => undefined
  try {
    const books = await openBooks(config, world)
    const state = { stopping: false }
    const app = await createApp(books, metrics, () => state.stopping)
    changes.prepare?.(app)
    const stopAll = await startAll([
      { name: 'books', start: async () => () => books.close() },
      { name: 'sweeps', start: async () => startSweeps(books) },
      { name: 'http', start: () => listen(app, config) },
    ])
    return {
      books,
      app,
      address: addressOf(app),
      async stop() {
        state.stopping = true
        await stopAll().finally(release)
      },
    }
  } catch (error) {
    release()
    throw error
  }
}

function claim(file: string): () => void {
  mkdirSync(dirname(file), { recursive: true })
  return claimServer(file)
}

async function listen(app: FastifyInstance, config: Config): Promise<Stop> {
  await app.listen({ host: config.http.host, port: config.http.port })
  return () => app.close()
}

function addressOf(app: FastifyInstance): string {
  const address = app.server.address()
  if (address === null || typeof address === 'string') return String(address)
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${address.port}`
}

async function createApp(books: Books, metrics: Metrics, isStopping: () => boolean) {
  const { config, world, store, writer } = books
  measureStore(metrics, books)
  return createHttp(
    {
      ...books,
      clock: world.clock,
      random: world.random,
      logger: world.logger,
      inFlight: createInFlight(),
      isUnavailable: (error) => error instanceof StoreFailure && error.kind !== 'bug',
      load: writer.stats,
      isStopping,
      readiness: createReadiness(books),
      metrics: metrics.text,
      observer: measureRequests(metrics),
    },
    {
      version: VERSION,
      environment: config.environment,
      databaseType: store.dialect,
      doors: config.doors,
      limits: config.limits,
      ...config.http,
      ...config.store,
      ...config.ledger,
    },
  )
}

const PROBE_AGE_MAX_MS = 5_000
const DISK_BYTES_MIN = 64 * 1_024 * 1_024

/** Why no write can be taken, or null; a real commit tells, and its result holds for five seconds. */
function createReadiness({ store, world, config }: Books): () => Promise<string | null> {
  let probedAt = Number.NEGATIVE_INFINITY
  let last: Promise<string | null> = Promise.resolve(null)
  const probe = async (): Promise<string | null> => {
    const disk = await statfs(config.dataDir).catch(() => null)
    if (disk && disk.bavail * disk.bsize < DISK_BYTES_MIN) return 'the disk is almost full'
    return store.transaction(async () => null).catch((error: Error) => error.message)
  }
  return () => {
    const now = world.clock.monotonic()
    if (now - probedAt < PROBE_AGE_MAX_MS) return last
    probedAt = now
    last = probe()
    return last
  }
}

async function startSweeps({ accounts, store, world, config }: Books): Promise<Stop> {
  const sweepRefusals = createRefusalSweep({ store, clock: world.clock }, config.ledger)
  let running: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    running = Promise.all([sweepRefusals(), accounts.sweep()]).catch((error: unknown) => {
      world.logger.warn({ err: error }, 'sweeping failed, the next round tries again')
    })
  }, SWEEP_INTERVAL_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const WRITES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024]

function measureCommits(metrics: Metrics): World['onCommit'] {
  const size = metrics.histogram('commit_writes', 'Writes in one commit.', WRITES)
  const seconds = metrics.histogram('commit_seconds', 'Duration of one commit.', SECONDS)
  return (writes, durationMs) => {
    size(writes)
    seconds(durationMs / 1_000)
  }
}

function measureRequests(metrics: Metrics) {
  return metrics.boundHistogram(
    'http_request_seconds',
    'Duration of one request.',
    ['route', 'method', 'status'],
    SECONDS,
  )
}

function measureStore(metrics: Metrics, { store, writer }: Books): void {
  metrics.gauge('commit_queue_depth', 'Writes that wait for a commit.', () => writer.stats().depth)
  metrics.gauge(
    'commit_queue_oldest_seconds',
    'Age of the oldest of them.',
    () => writer.stats().oldestMs / 1_000,
  )
  metrics.gauge('db_connections_in_use', 'Connections in use.', () => store.pool().inUse)
  metrics.gauge('db_connections_open', 'Connections open.', () => store.pool().open)
  metrics.gauge('db_connections_max', 'Connections allowed.', () => store.pool().max)
}
