import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Config, ConfigError, loadConfig, settingNames } from './config.ts'

const SECRET = 'kX3m9QvT7bLw2ZpR8nYc5HdJ4sFgA6uE'
const production = { ENVIRONMENT: 'production', JWT_SECRET: SECRET, AF_SECRET: `${SECRET}2` }

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}

describe('loadConfig', () => {
  it('needs nothing in development, and listens on loopback', () => {
    const config = loadConfig({})
    expect(config.http).toMatchObject({ host: '127.0.0.1', port: 8000 })
    expect(config.secrets.jwt).toBeUndefined()
    expect(Object.values(config.doors)).toEqual(Object.values(config.doors).map(() => true))
  })

  it('closes every door in production', () => {
    const { doors } = loadConfig(production)
    expect(Object.values(doors).some(Boolean)).toBe(false)
  })

  it('reports all faults at once, each with its setting', () => {
    const faults = faultsOf({
      PORT: '99999',
      RATE_LIMIT: 'perhaps',
      RATE_LIMIT_PLAYER: 'fast',
      DATABASE_URL: 'mysql://x',
      ALLOWED_ORIGINS: 'https://a.example/path',
    })
    expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual([
      'ALLOWED_ORIGINS',
      'DATABASE_URL',
      'PORT',
      'RATE_LIMIT',
      'RATE_LIMIT_PLAYER',
    ])
  })

  it.each([
    ['missing', undefined],
    ['short', 'x7Gq1'],
    ['well known', 'test_secret'],
    ['an example', 'your-super-secret-key-min-32-chars'],
    ['one letter', 'a'.repeat(64)],
  ])('refuses production with a secret that is %s', (_, secret) => {
    const { JWT_SECRET: _jwt, ...rest } = production
    const faults = faultsOf(secret === undefined ? rest : { ...rest, JWT_SECRET: secret })
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(/^JWT_SECRET/)
  })

  it('refuses to open in production what only development may open', () => {
    expect(faultsOf({ ...production, BARE_LOGIN: 'on' })).toHaveLength(1)
    expect(faultsOf({ ...production, UNSIGNED_POSTBACKS: 'on' })).toHaveLength(1)
    expect(faultsOf({ ...production, STATS_PUBLIC: 'on' })).toEqual([])
  })

  it('demands a daily cap where players earn by their own tokens in production', () => {
    expect(faultsOf({ ...production, PLAYER_EARN: 'on' })[0]).toMatch(/^EARN_DAILY_MAX/)
    expect(faultsOf({ ...production, PLAYER_EARN: 'on', EARN_DAILY_MAX: '500' })).toEqual([])
  })

  it('takes a static token in place of the signature', () => {
    const { AF_SECRET: _secret, ...rest } = production
    expect(faultsOf(rest)[0]).toMatch(/^AF_SECRET/)
    expect(faultsOf({ ...rest, AF_TOKEN: `${SECRET}3` })).toEqual([])
  })

  it.each([
    ['sqlite:///data/app.db', resolve('data/app.db')],
    ['sqlite:////srv/app.db', '/srv/app.db'],
  ])('reads %s as the briefs write it', (url, file) => {
    expect(loadConfig({ DATABASE_URL: url }).store.database).toMatchObject({ kind: 'sqlite', file })
  })

  it('switches to PostgreSQL by the URL', () => {
    const { database } = loadConfig({ DATABASE_URL: 'postgres://u:p@127.0.0.1/q' }).store
    expect(database.kind).toBe('postgres')
  })

  it('is frozen all the way down', () => {
    const config: Config = loadConfig({})
    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.http.allowedOrigins)).toBe(true)
  })

  it('is explained by .env.example, setting by setting', () => {
    const text = readFileSync(new URL('../../../../.env.example', import.meta.url), 'utf8')
    const explained = [...text.matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name)
    expect(explained.toSorted()).toEqual([...settingNames()].toSorted())
  })
})

describe('a name that is nearly a setting', () => {
  const FOREIGN = { HOME: '/root', HOSTNAME: 'a', PWD: '/', NODE_ENV: 'production', PGHOST: 'b' }

  it.each([
    ['RATE_LIMT', 'RATE_LIMIT'],
    ['JWT_SECERT', 'JWT_SECRET'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['KAFKA_BROKER', 'KAFKA_BROKERS'],
    ['PROT1', undefined],
    ['ROLES', 'ROLE'],
  ])('as %s is told, with the one that is meant', (name, setting) => {
    const { misspelt } = loadConfig({ ...FOREIGN, [name]: 'x' })
    expect(misspelt).toEqual(setting ? [`${name}: is no setting, ${setting} is`] : [])
  })

  it('stands beside the faults that it may be the reason of', () => {
    const { JWT_SECRET, ...rest } = production
    expect(faultsOf({ ...FOREIGN, ...rest, JWT_SECERT: JWT_SECRET })).toEqual([
      expect.stringMatching(/^JWT_SECRET: is needed in production/),
      'JWT_SECERT: is no setting, JWT_SECRET is',
    ])
  })

  it('is none that is one', () => {
    expect(
      loadConfig(Object.fromEntries(settingNames().map((name) => [name, '']))).misspelt,
    ).toEqual([])
  })
})

describe('the roles of a process', () => {
  const books = { DATABASE_URL: 'postgresql://db/questline' }
  const shared = { ...books, ANALYTICS_URL: 'postgresql://db/questline' }
  const rolesOf = (env: Record<string, string>): readonly string[] => loadConfig(env).roles

  it('are all that there are, unless it says which', () => {
    const all = ['api', 'quality', 'lake', 'reports']
    expect(rolesOf({})).toEqual(all)
    expect(rolesOf({ ...shared, ROLE: 'lake, API' })).toEqual(['api', 'lake'])
    expect(rolesOf({ ...shared, ROLE: 'quality,all' })).toEqual(all)
  })

  it('other than all need PostgreSQL, for the books and for what is computed', () => {
    expect(faultsOf({ ROLE: 'api' })).toEqual([
      expect.stringMatching(/^ROLE: has to be all with SQLite, .*DATABASE_URL, ANALYTICS_URL/),
    ])
    expect(faultsOf({ ...books, ROLE: 'api' })).toEqual([
      expect.stringMatching(/^ANALYTICS_URL: is needed for ROLE=api/),
    ])
    expect(faultsOf({ ANALYTICS_URL: 'postgresql://db/questline' })).toEqual([
      expect.stringMatching(/^ANALYTICS_URL: is for books in PostgreSQL/),
    ])
    expect(faultsOf({ ...books, ANALYTICS_URL: 'sqlite:///a.db' })).toHaveLength(1)
  })

  it('are known ones', () => {
    expect(faultsOf({ ...shared, ROLE: 'api,worker' })).toEqual([
      'ROLE: "worker" is not one of all, api, relay, quality, lake, reports',
    ])
  })

  it('need secrets in production only where players are served', () => {
    const { JWT_SECRET: _jwt, AF_SECRET: _af, ...bare } = production
    expect(faultsOf({ ...bare, ...shared, ROLE: 'quality,lake' })).toEqual([])
    expect(faultsOf({ ...bare, ...shared, ROLE: 'quality,api' })).toHaveLength(2)
  })
})

describe('Kafka', () => {
  const brokers = { KAFKA_BROKERS: 'one:9092, two:9092' }
  const production = {
    ...{ ENVIRONMENT: 'production', JWT_SECRET: 'x1'.repeat(20), AF_SECRET: 'x2'.repeat(20) },
    ...brokers,
  }
  const faultsOf = (env: Record<string, string>): readonly string[] => {
    try {
      loadConfig(env)
      return []
    } catch (error) {
      return error instanceof ConfigError ? error.faults : [String(error)]
    }
  }

  it('is off without brokers, and a process that does everything then relays nothing', () => {
    const config = loadConfig({})
    expect(config.kafka).toBeNull()
    expect(config.roles).not.toContain('relay')
  })

  it('is on with brokers, with one replica in development and three in production', () => {
    const config = loadConfig(brokers)
    expect(config.kafka).toMatchObject({
      ...{ brokers: ['one:9092', 'two:9092'], partitions: 6, replication: 1, ingestLog: 'books' },
      ...{ tls: null, sasl: null, retentionHours: 168, heartbeatMs: 5_000 },
    })
    expect(config.roles).toContain('relay')
    expect(loadConfig(production).kafka?.replication).toBe(3)
  })

  it('tells every fault at once', () => {
    const faults = faultsOf({
      ...{ KAFKA_BROKERS: 'nowhere', KAFKA_TLS_CERT: '/does/not/exist' },
      ...{ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u', KAFKA_TOPIC_PREFIX: 'a b' },
    })
    expect(faults).toEqual([
      'KAFKA_BROKERS: "nowhere" is not host:port',
      'KAFKA_TOPIC_PREFIX: has more than letters, digits, ".", "_" and "-"',
      'KAFKA_TLS_CERT: there is no file /does/not/exist',
      'KAFKA_TLS_CERT: and KAFKA_TLS_KEY go together',
      'KAFKA_TLS: is off, and files for it are set',
      'KAFKA_SASL_PASSWORD: is needed for SASL plain',
    ])
  })

  it('sends no password as it is in production', () => {
    const sasl = {
      ...{ KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' },
    }
    expect(faultsOf({ ...production, ...sasl })).toEqual([
      expect.stringMatching(/^KAFKA_TLS: is needed in production/),
    ])
    expect(faultsOf({ ...production, ...sasl, KAFKA_TLS: 'on' })).toEqual([])
    expect(faultsOf({ INGEST_LOG: 'kafka' })).toEqual([
      'KAFKA_BROKERS: is needed when INGEST_LOG is kafka',
    ])
  })
})
