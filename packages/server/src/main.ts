import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { ProblemError } from '@questline/contracts'
import type { FastifyInstance } from 'fastify'
import { type Books, openBooks, theWorld, type World } from './books/books.ts'
import type { Config } from './config/config.ts'
import type { Role } from './config/roles.ts'
import { createHttp } from './http/http.ts'
import { createInFlight, createRefusalSweep } from './idempotency/idempotency.ts'
import { sweepRefused } from './log/log.ts'
import { measureCommits, measureRequests, measureStore } from './measure.ts'
import { createLiveNodes, type LiveNodes } from './nodes/nodes.ts'
import { measureKafka, measureVerdicts } from './pipeline/measure-stages.ts'
import { createPipeline, type Pipeline } from './pipeline/pipeline.ts'
import { createMetrics, type Metrics, type Stop, startAll } from './platform/platform.ts'
import { createReadiness } from './readiness.ts'
import type { PipelineSettings } from './reports/runs/runs.ts'
import { scheduleReports } from './reports-desk/daily-reports.ts'
import { createReports, type ReportsDesk } from './reports-desk/reports-desk.ts'
import { claimServer, keepPartitionsAhead, StoreFailure } from './store/store.ts'
import { openTracing } from './tracing/tracing.ts'
import { VERSION } from './version.ts'
import { watchLedger } from './watch-ledger.ts'

export type Questline = {
  readonly books: Books
  readonly app: FastifyInstance
  /** Where it listens, as `http://127.0.0.1:8000`. */
  readonly address: string
  /** Answers what is in flight, commits what is queued, closes everything. */
  stop(): Promise<void>
}

const SWEEP_INTERVAL_MS = 60_000
/** Longer than any delay and than an account's failures count. */
const FAILURES_KEPT_MS = 2 * 3_600_000

type Changes = {
  readonly prepare?: (app: FastifyInstance) => void
  /** The program that makes reports, in place of this one's own command. */
  readonly reportsProgram?: PipelineSettings['program']
}

/** Starts a server: config → store → stages → http, and stops in reverse. */
export async function startQuestline(
  config: Config,
  changes: Partial<World> & Changes = {},
): Promise<Questline> {
  const metrics = createMetrics()
  const world: World = {
    ...theWorld(config),
    onCommit: measureCommits(metrics),
    onVerdicts: measureVerdicts(metrics),
    onKafka: measureKafka(metrics),
    tracing: await openTracing(config.tracing, 'server'),
    ...changes,
  }
  const { database } = config.store
  const release = database.kind === 'sqlite' ? claim(database.file) : () => undefined
  let pipeline: Pipeline | undefined
  const onCommit: World['onCommit'] = (writes, durationMs) => {
    world.onCommit(writes, durationMs)
    pipeline?.look()
  }
  const books = await openBooks(config, { ...world, onCommit }).catch((error: unknown) => {
    release()
    throw error
  })
  let stopping = false
  const reports = createReports(books, metrics, changes.reportsProgram)
  const nodes = openNodes(books)
  const prepareApp = async () => {
    const opened = await createPipeline(books, metrics)
    pipeline = opened
    const app = await createApp(
      books,
      metrics,
      { reports, nodes, pipeline: opened },
      () => stopping,
    )
    changes.prepare?.(app)
    return { app, opened }
  }
  const { app, opened } = await prepareApp().catch(async (error: unknown) => {
    await pipeline?.close()
    await books.close()
    release()
    throw error
  })
  const only = <T>(role: Role, parts: readonly T[]): readonly T[] =>
    config.roles.includes(role) ? parts : []
  const stopAll = await startAll([
    { name: 'claim', start: async () => async () => release() },
    { name: 'traces', start: async () => async () => world.tracing?.close() },
    { name: 'books', start: async () => () => books.close() },
    { name: 'live numbers', start: async () => () => opened.close() },
    ...only('api', [
      { name: 'sweeps', start: async () => startSweeps(books) },
      { name: 'standing audit', start: () => watchLedger(books, metrics) },
      { name: 'beats', start: () => startBeats(nodes, books) },
    ]),
    { name: 'http', start: () => listen(app, config) },
    { name: 'consumers', start: () => opened.begin() },
    // Stopped first: a request may wait for a run.
    ...only('reports', [
      { name: 'reports', start: () => reports.begin() },
      { name: 'daily reports', start: () => scheduleReports(reports.daily, config.reports.daily) },
    ]),
  ])
  return {
    books,
    app,
    address: addressOf(app),
    stop() {
      stopping = true
      // A connection that still waits for an answer closes after it, however long its client rests.
      app.server.keepAliveTimeout = 1
      return stopAll()
    },
  }
}

function claim(file: string): () => void {
  mkdirSync(dirname(file), { recursive: true })
  return claimServer(file)
}

/**
 * Connections that may wait to be accepted; the kernel's own limit cuts it. With Node's 511 a
 * thousand games that wake at once met reset connections: Linux answers an overflow with SYN
 * cookies and forgets the client.
 */
const WAITING_CONNECTIONS_MAX = 4_096

async function listen(app: FastifyInstance, config: Config): Promise<Stop> {
  const { host, port } = config.http
  await app.listen({ host, port, backlog: WAITING_CONNECTIONS_MAX })
  return () => app.close()
}

function addressOf(app: FastifyInstance): string {
  const address = app.server.address()
  if (address === null || typeof address === 'string') return String(address)
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${address.port}`
}

async function createApp(
  books: Books,
  metrics: Metrics,
  {
    reports,
    nodes,
    pipeline: { alarms, numbers },
  }: {
    readonly reports: ReportsDesk
    readonly nodes: LiveNodes | null
    readonly pipeline: Pipeline
  },
  isStopping: () => boolean,
) {
  const { config, world, store, writer } = books
  measureStore(metrics, books)
  return createHttp(
    {
      ...books,
      clock: world.clock,
      random: world.random,
      logger: world.logger,
      inFlight: createInFlight(),
      sharing: books.failures && nodes && { failures: books.failures, nodes },
      reports: config.roles.includes('reports') ? reports : { ...reports, start: refuseRun },
      numbers,
      isUnavailable: (error) => error instanceof StoreFailure && error.kind !== 'bug',
      load: writer.stats,
      isStopping,
      readiness: createReadiness(books),
      alarms,
      metrics: metrics.text,
      tracing: world.tracing,
      observer: measureRequests(metrics),
    },
    {
      version: VERSION,
      environment: config.environment,
      isForOperatorsOnly: !config.roles.includes('api'),
      databaseType: store.dialect,
      doors: config.doors,
      limits: config.limits,
      ...config.http,
      ...config.store,
      ...config.ledger,
    },
  )
}

/** Where other processes may serve from the same database. */
function openNodes({ store, world, config }: Books): LiveNodes | null {
  if (config.store.database.kind === 'sqlite') return null
  const nodeId = world.random.bytes(16).toString('hex')
  return createLiveNodes(
    { store, clock: world.clock },
    { nodeId, beatMs: config.limits.nodeBeatMs },
  )
}

/** The first beat comes before the first request, so that a new node takes no more than its share. */
async function startBeats(nodes: LiveNodes | null, { world, config }: Books): Promise<Stop> {
  if (nodes === null) return async () => undefined
  let running = Promise.resolve()
  const beat = () => {
    running = nodes.beat().catch((error: unknown) => {
      world.logger.warn({ err: error }, 'the other nodes were not counted, the last count stands')
    })
    return running
  }
  await beat()
  const timer = setInterval(beat, config.limits.nodeBeatMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
    await nodes.leave().catch(() => undefined)
  }
}

/** Runs write files of the node that makes them, one at a time. */
async function refuseRun(): Promise<never> {
  const detail = 'Reports are made by the nodes with the role reports; this one only shows them.'
  throw new ProblemError('door-closed', { detail })
}

async function startSweeps({ accounts, failures, store, world, config }: Books): Promise<Stop> {
  const sweepRefusals = createRefusalSweep({ store, clock: world.clock }, config.ledger)
  const { refusedKeptMs } = config.ingest
  const forgetRefused = () => sweepRefused(store, world.clock.now() - refusedKeptMs)
  const forgetFailures = () => failures?.sweep(world.clock.now() - FAILURES_KEPT_MS)
  const keepAhead = () => keepPartitionsAhead(store, world.clock.now())
  await keepAhead()
  let running: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    running = Promise.all([
      sweepRefusals(),
      accounts.sweep(),
      forgetRefused(),
      forgetFailures(),
      keepAhead(),
    ]).catch((error: unknown) => {
      world.logger.warn({ err: error }, 'sweeping failed, the next round tries again')
    })
  }, SWEEP_INTERVAL_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}
