import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { ProblemError } from '@questline/contracts'
import type { FastifyInstance } from 'fastify'
import { type Books, openBooks, theWorld, type World } from './books/books.ts'
import type { Config } from './config/config.ts'
import type { Role } from './config/roles.ts'
import { createHttp } from './http/http.ts'
import { createInFlight } from './idempotency/idempotency.ts'
import { measureCommits, measureRequests, measureStore } from './measure.ts'
import type { LiveNodes } from './nodes/nodes.ts'
import { measureKafka, measureVerdicts } from './pipeline/measure-stages.ts'
import { createPipeline, type Pipeline } from './pipeline/pipeline.ts'
import { createMetrics, type Metrics, type Stop, startAll } from './platform/platform.ts'
import { createReadiness } from './readiness.ts'
import type { PipelineSettings } from './reports/runs/runs.ts'
import { scheduleReports } from './reports-desk/daily-reports.ts'
import { createReports, type ReportsDesk } from './reports-desk/reports-desk.ts'
import { claimServer, StoreFailure } from './store/store.ts'
import { openTracing } from './tracing/tracing.ts'
import { openNodes, startBeats, startSweeps, watchLedger } from './upkeep/upkeep.ts'
import { VERSION } from './version.ts'

export type Questline = {
  readonly books: Books
  readonly app: FastifyInstance
  /** Where it listens, as `http://127.0.0.1:8000`. */
  readonly address: string
  /** Answers what is in flight, commits what is queued, closes everything. */
  stop(): Promise<void>
}

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

/** Runs write files of the node that makes them, one at a time. */
async function refuseRun(): Promise<never> {
  const detail = 'Reports are made by the nodes with the role reports; this one only shows them.'
  throw new ProblemError('door-closed', { detail })
}
