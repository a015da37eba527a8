// Every setting of a process: config.ts is the only reader of the environment, the other files say
// what a part may be told and check it. All faults are reported at once, and the result is frozen.
// Production closes every door that development leaves open.
import { availableParallelism } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
// Not through the front door, which would load the logger and the metrics for every command.
import { LOG_LEVELS } from '../platform/log-levels.ts'
import { readFlinkSettings } from './flink-settings.ts'
import { type KafkaConfig, readKafkaSettings } from './kafka-settings.ts'
import { misspelt } from './misspelt.ts'
import { createReader, type Environment, type Reader } from './reader.ts'
import { type ReportSettings, readReportSettings } from './report-settings.ts'
import { readRoles } from './roles.ts'
import { readForwardSettings, readLakeSettings } from './sink-settings.ts'

export class ConfigError extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(`The settings are not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.name = 'ConfigError'
    this.faults = faults
  }
}

export type Config = ReturnType<typeof readAll> & {
  /** A line for each name that looks like a setting and is none. Nothing is refused for it: it may be somebody else's. */
  readonly misspelt: readonly string[]
}

/**
 * All settings, checked and frozen.
 * @throws ConfigError with every fault at once
 */
export function loadConfig(env: Environment): Config {
  const reader = createReader(env)
  const config = { ...readAll(reader), misspelt: misspelt(env, settingNames()) }
  if (reader.faults.length > 0) throw new ConfigError([...reader.faults, ...config.misspelt])
  return deepFreeze(config)
}

/**
 * The settings of `questline reports` alone: an analyst who has only CSV files needs no secrets.
 * @throws ConfigError with every fault at once
 */
export function loadReportSettings(env: Environment): ReportSettings {
  const reader = createReader(env)
  const settings = readReportSettings(reader, readDataDir(reader))
  if (reader.faults.length > 0) throw new ConfigError(reader.faults)
  return deepFreeze(settings)
}

/**
 * Where the books are, alone: what reads them only needs no secret of a server.
 * @throws ConfigError with every fault at once
 */
export function loadStoreSettings(env: Environment): Pick<Config, 'store'> {
  const reader = createReader(env)
  const store = readStore(reader, readDataDir(reader))
  if (reader.faults.length > 0) throw new ConfigError(reader.faults)
  return deepFreeze({ store })
}

export type FlinkContext = ReturnType<typeof readFlinkContext>

/**
 * The settings of `questline flink` alone: who deploys a job needs no secret of a server.
 * @throws ConfigError with every fault at once
 */
export function loadFlinkContext(env: Environment): FlinkContext {
  const reader = createReader(env)
  const settings = readFlinkContext(reader)
  if (reader.faults.length > 0) throw new ConfigError(reader.faults)
  return deepFreeze(settings)
}

function readFlinkContext(read: Reader) {
  const environment = read.choice('ENVIRONMENT', 'development', ['development', 'production'])
  const dataDir = readDataDir(read)
  const analyticsUrl = read.text('ANALYTICS_URL') ?? ''
  if (!POSTGRES.test(analyticsUrl)) {
    read.fault('ANALYTICS_URL', 'is needed: Flink writes into PostgreSQL, as postgresql://…')
  }
  const kafka = readKafkaSettings(read, environment === 'production')
  if (kafka === null) read.fault('KAFKA_BROKERS', 'is needed: Flink reads from Kafka')
  return { dataDir, analyticsUrl, kafka, flink: readFlinkSettings(read) }
}

/**
 * Where the brokers are, alone: what only asks or prepares them needs no secret of a server.
 * @throws ConfigError with every fault at once
 */
export function loadKafkaSettings(env: Environment): KafkaConfig {
  const reader = createReader(env)
  const environment = reader.choice('ENVIRONMENT', 'development', ['development', 'production'])
  const kafka = readKafkaSettings(reader, environment === 'production')
  if (kafka === null && reader.faults.length === 0) {
    reader.fault('KAFKA_BROKERS', 'is not set, such as 127.0.0.1:9092')
  }
  if (kafka === null || reader.faults.length > 0) throw new ConfigError(reader.faults)
  return deepFreeze(kafka)
}

/** The names of all settings, in the order in which .env.example explains them. */
export function settingNames(): readonly string[] {
  const reader = createReader({})
  readAll(reader)
  return [...new Set(reader.names)]
}

/** The settings of this process: a `.env` in the working directory, then the real environment, which wins. */
export function processEnvironment(): Environment {
  const before = { ...process.env }
  try {
    process.loadEnvFile()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return { ...process.env, ...before }
}

function readAll(read: Reader) {
  const environment = read.choice('ENVIRONMENT', 'development', ['development', 'production'])
  const production = environment === 'production'
  const host = read.text('HOST') ?? (production ? '0.0.0.0' : '127.0.0.1')
  const port = read.integer('PORT', 8000, 0, 65_535)
  const dataDir = readDataDir(read)
  const logLevel = read.choice('LOG_LEVEL', 'info', LOG_LEVELS)
  const store = readStore(read, dataDir)
  const analytics = readAnalytics(read, store.database)
  const kafka = readKafkaSettings(read, production)
  const roles = readRoles(read, {
    database: store.database.kind,
    sharesAnalytics: analytics.url !== null,
    hasKafka: kafka !== null,
  })
  return {
    environment,
    production,
    dataDir,
    logLevel,
    store,
    analytics,
    /** What this process does. */
    roles,
    // Nobody but a node that serves players signs or proves anything.
    secrets: readSecrets(read, production && roles.includes('api')),
    doors: readDoors(read, production),
    http: { host, port, ...readHttp(read, production) },
    limits: readLimits(read),
    accounts: {
      jwtTtlMinutes: read.integer('JWT_TTL_MIN', 120, 1, 525_600),
      refreshTtlDays: read.integer('REFRESH_TTL_DAYS', 30, 1, 3_650),
      hashConcurrency: read.integer('PASSWORD_HASHES_AT_ONCE', availableParallelism(), 1, 64),
      hashQueueMax: read.integer('PASSWORD_HASH_QUEUE_MAX', 100, 1, 100_000),
    },
    postbackTokenHeader: read.text('AF_TOKEN_HEADER')?.toLowerCase() ?? 'x-af-token',
    ledger: readLedger(read, production),
    ingestKey: readIngestKey(read),
    ingest: readIngest(read),
    reports: readReportSettings(read, dataDir),
    tracing: readTracing(read),
    quality: readQuality(read),
    lake: readLakeSettings(read, dataDir),
    forward: readForwardSettings(read),
    flink: readFlinkSettings(read),
    /** Null: the log stays within the database. */
    kafka,
  }
}

function readQuality(read: Reader) {
  const file = read.text('QUALITY_RULES')
  return {
    /** Whether this process counts what comes in; off where another one does it for the same file. */
    consumers: read.onOff('CONSUMERS', true),
    rulesFile: file === undefined ? null : resolve(file),
  }
}

/** Null: off. The names are those of OpenTelemetry itself. */
function readTracing(read: Reader) {
  const endpoint = read.text('OTEL_EXPORTER_OTLP_ENDPOINT')
  const percent = read.integer('TRACES_PERCENT', 100, 0, 100)
  if (endpoint === undefined) return null
  if (!/^https?:\/\/[^/\s]/.test(endpoint) || !URL.canParse(endpoint)) {
    read.fault('OTEL_EXPORTER_OTLP_ENDPOINT', 'starts with neither http:// nor https://')
  }
  return { endpoint, ratio: percent / 100 }
}

const POSTGRES = /^postgres(ql)?:\/\//

const readDataDir = (read: Reader): string => resolve(read.text('DATA_DIR') ?? 'data')

function readStore(read: Reader, dataDir: string) {
  const url = read.text('DATABASE_URL') ?? `sqlite:///${join(dataDir, 'app.db')}`
  const commitWritesMax = read.integer('COMMIT_WRITES_MAX', 1_024, 1, 100_000)
  const commitQueueMax = read.integer('COMMIT_QUEUE_MAX', 4_096, 1, 1_000_000)
  const commitDelayMaxMs = read.integer('COMMIT_DELAY_MAX_MS', 1_000, 1, 600_000)
  const busyTimeoutMs = read.integer('SQLITE_BUSY_TIMEOUT_MS', 5_000, 0, 600_000)
  // Who answers no requests has few things to ask at once.
  const roles = read.list('ROLE').map((role) => role.toLowerCase())
  const isServing = roles.length === 0 || roles.includes('all') || roles.includes('api')
  const connectionsMax = read.integer('PG_CONNECTIONS_MAX', isServing ? 10 : 4, 2, 1_000)
  const connectTimeoutMs = read.integer('PG_CONNECT_TIMEOUT_MS', 2_000, 1, 600_000)
  /** Whether a pooler in transaction mode lies between, which keeps no session. */
  const pooler = read.onOff('PG_POOLER', false)
  const writer = { commitWritesMax, commitQueueMax, commitDelayMaxMs }
  if (POSTGRES.test(url)) {
    const timeouts = {
      lockTimeoutMs: 5_000,
      idleTransactionTimeoutMs: 5_000,
      statementTimeoutMs: 10_000,
    }
    return {
      ...writer,
      database: {
        kind: 'postgres' as const,
        ...{ url, connectionsMax, connectTimeoutMs, pooler, ...timeouts },
      },
    }
  }
  const file = sqliteFile(url)
  if (file === undefined) {
    read.fault('DATABASE_URL', 'starts with neither sqlite:///, postgres:// nor postgresql://')
  }
  return { ...writer, database: { kind: 'sqlite' as const, file: file ?? '', busyTimeoutMs } }
}

/** Where what is computed from the log lies. Null: in a file of this machine, beside the books. */
function readAnalytics(read: Reader, database: ReturnType<typeof readStore>['database']) {
  const url = read.text('ANALYTICS_URL') ?? null
  if (url !== null && !POSTGRES.test(url)) {
    read.fault('ANALYTICS_URL', 'starts with neither postgres:// nor postgresql://')
  }
  if (database.kind === 'sqlite') {
    if (url !== null) {
      read.fault(
        'ANALYTICS_URL',
        'is for books in PostgreSQL; beside SQLite lies a file, analytics.db',
      )
    }
    return { url: null }
  }
  const { connectTimeoutMs, pooler } = database
  return url === null ? { url } : { url, connectTimeoutMs, pooler }
}

/** `sqlite:///data/app.db` lies under the working directory, `sqlite:////srv/app.db` is absolute. */
function sqliteFile(url: string): string | undefined {
  const path = /^sqlite:\/\/\/(.+)$/.exec(url)?.[1]
  if (path === undefined) return undefined
  return isAbsolute(path) ? path : resolve(path)
}

/** Secrets that stand in manuals and examples. A server that bears one is open to anyone who reads them. */
const WELL_KNOWN =
  /^(test_secret|appsflyer_secret_key|dev-secret|secret|changeme|your[-_ ].*|example.*|(.)\2*|0123456789.*)$/i
const SECRET_BYTES_MIN = 32

function readSecrets(read: Reader, production: boolean) {
  const secret = (name: string, required: boolean): string | undefined => {
    const value = read.text(name)
    if (!production) return value
    if (value === undefined) {
      if (required)
        read.fault(name, 'is needed in production: make one with `openssl rand -hex 32`')
      return undefined
    }
    if (WELL_KNOWN.test(value))
      read.fault(name, 'is a well-known value; anybody could sign with it')
    else if (Buffer.byteLength(value) < SECRET_BYTES_MIN) {
      read.fault(name, `is shorter than ${SECRET_BYTES_MIN} bytes`)
    }
    return value
  }
  const jwt = secret('JWT_SECRET', true)
  const jwtPrevious = secret('JWT_SECRET_PREVIOUS', false)
  const postbackToken = secret('AF_TOKEN', false)
  const postbackAddresses = read.list('AF_ADDRESSES')
  const otherwiseVerified = postbackToken !== undefined || postbackAddresses.length > 0
  const postback = secret('AF_SECRET', !otherwiseVerified)
  const postbackPrevious = secret('AF_SECRET_PREVIOUS', false)
  return { jwt, jwtPrevious, postback, postbackPrevious, postbackToken, postbackAddresses }
}

function readDoors(read: Reader, production: boolean) {
  const door = (name: string): boolean => read.onOff(name, !production)
  const developmentDoor = (name: string): boolean => {
    const open = door(name)
    if (open && production) read.fault(name, 'cannot be opened in production')
    return open
  }
  return {
    /** `POST /login` with nothing but a userId. */
    bareLogin: developmentDoor('BARE_LOGIN'),
    /** `POST /af/postback` without the header that proves it. */
    unsignedPostbacks: developmentDoor('UNSIGNED_POSTBACKS'),
    /** `GET /stats` over everybody without a key. */
    statsPublic: door('STATS_PUBLIC'),
    /** A player's own token moves its currency. */
    playerEarn: door('PLAYER_EARN'),
    /** Counts of players and events in `GET /health`. */
    healthCountsPublic: door('HEALTH_COUNTS_PUBLIC'),
    metricsPublic: door('METRICS_PUBLIC'),
    /** `/docs`, `/redoc` and `/openapi.json`. */
    docsPublic: door('DOCS_PUBLIC'),
    /** `POST /run-pipeline` from this machine without a key. */
    pipeline: door('PIPELINE'),
  }
}

function readHttp(read: Reader, production: boolean) {
  const origins = read.list('ALLOWED_ORIGINS')
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      read.fault('ALLOWED_ORIGINS', `"${origin}" is not an origin such as https://play.example.com`)
    }
  }
  return {
    allowedOrigins: origins.length > 0 ? origins : ['http://localhost:3000'],
    trustProxy: read.list('TRUST_PROXY'),
    hsts: read.onOff('HSTS', production),
    requestTimeoutMs: read.integer('REQUEST_TIMEOUT_MS', 10_000, 100, 600_000),
    stopDeadlineMs: read.integer('STOP_DEADLINE_MS', 25_000, 100, 600_000),
  }
}

function readLimits(read: Reader) {
  return {
    on: read.onOff('RATE_LIMIT', true),
    player: read.rate('RATE_LIMIT_PLAYER', { perSecond: 50, burst: 300 }),
    address: read.rate('RATE_LIMIT_ADDRESS', { perSecond: 200, burst: 1_000 }),
    login: read.rate('RATE_LIMIT_LOGIN', { perSecond: 10, burst: 100 }),
    track: read.rate('RATE_LIMIT_TRACK', { perSecond: 10, burst: 50 }),
    /** Failed logins and registrations of one address. */
    loginFailuresPerMinute: read.integer('LOGIN_FAILURES_PER_MIN', 20, 1, 1_000_000),
    /** Failures on one account before each further one waits longer. */
    loginFailuresPerAccount: read.integer('LOGIN_FAILURES_PER_ACCOUNT', 10, 1, 1_000_000),
    /** How often a node on PostgreSQL says that it is alive: rates are divided by those that are. */
    nodeBeatMs: read.integer('NODE_BEAT_SEC', 5, 1, 60) * 1_000,
  }
}

function readLedger(read: Reader, production: boolean) {
  const defaultCurrency = read.text('DEFAULT_CURRENCY') ?? 'coins'
  const currencies = read.list('CURRENCIES')
  if (currencies.length > 0 && !currencies.includes(defaultCurrency)) {
    read.fault('CURRENCIES', `does not contain the default currency "${defaultCurrency}"`)
  }
  const cap = read.integer('EARN_DAILY_MAX', 0, 0, Number.MAX_SAFE_INTEGER)
  if (production && read.onOff('PLAYER_EARN', false) && cap === 0) {
    read.fault('EARN_DAILY_MAX', 'is needed in production when PLAYER_EARN is on')
  }
  return {
    defaultApp: read.text('DEFAULT_APP') ?? 'default',
    defaultCurrency,
    /** Empty: any currency. */
    currencies,
    earnDailyMax: cap === 0 ? null : cap,
    answersKeptMs: read.integer('IDEMPOTENCY_ANSWER_HOURS', 24, 24, 8_760) * 3_600_000,
  }
}

function readIngest(read: Reader) {
  return {
    /** Room for 4,096 batches of 50 at once. */
    queueEventsMax: read.integer('INGEST_QUEUE_EVENTS_MAX', 262_144, 1, 100_000_000),
    queueBytesMax: read.integer('INGEST_QUEUE_BYTES_MAX', 134_217_728, 1, 100_000_000_000),
    refusedKeptMs: read.integer('REFUSED_EVENTS_DAYS', 30, 1, 3_650) * 86_400_000,
  }
}

function readIngestKey(read: Reader) {
  const key = read.text('EVENT_API_KEY')
  const app = read.text('EVENT_API_APP') ?? 'default'
  return key === undefined ? null : { key, app }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze)
  return Object.freeze(value)
}
