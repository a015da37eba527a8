import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Ask, FlinkError, lastCause } from './ask.ts'
import { newestCheckpoint } from './checkpoints.ts'
import { dailyUsersJob } from './daily-users-job.ts'
import { createDeployment } from './deployment.ts'
import { createGateway } from './gateway.ts'
import { jdbcTarget } from './jdbc-target.ts'
import { type Job, statementOf } from './job.ts'
import { createJobBook, type JobBook, type JobEntry } from './job-book.ts'
import type { JobManager, JobReport } from './job-manager.ts'
import { kafkaProperties } from './kafka-properties.ts'
import { MINUTES_JOB, minutesFingerprint, minutesJob, restateJob } from './minutes-job.ts'
import { checkPlan, operatorsOf, unboundedIn } from './plan.ts'
import type { FlinkTables } from './tables.ts'

const TABLES: FlinkTables = {
  brokers: ['kafka-1:9092', 'kafka-2:9092'],
  kafka: {},
  topics: { enriched: 'events-enriched', late: 'events-late' },
  jdbc: { url: 'jdbc:postgresql://db:5432/game', user: 'questline', password: "it's secret" },
}
const MINUTES = { parallelism: 2, checkpointMs: 5_000, graceMs: 20_000 }
const sqlOf = (job: Job): string =>
  [
    ...Object.entries(job.properties).map(([name, value]) => `SET '${name}' = '${value}'`),
    ...job.definitions,
    statementOf(job),
  ].join(';\n\n')

const MADE = `-- Made by minutes-job.ts, to be read, and compared with it by flink.test.ts: change that one, then
-- \`vitest run packages/server/src/windows/flink/flink.test.ts -u\`. Addresses are made up.
`

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'questline-flink-'))
  folders.push(folder)
  return folder
}

describe('the SQL of the minutes', () => {
  it('is this, and a change of it is a decision', async () => {
    const sql = sqlOf(minutesJob(TABLES, MINUTES, null))
    await expect(`${MADE}\n${sql};\n`).toMatchFileSnapshot('minutes.sql')
  })

  it('is the same each time', () => {
    const [one, other] = [minutesJob(TABLES, MINUTES, 60_000), minutesJob(TABLES, MINUTES, 60_000)]
    expect(sqlOf(one)).toBe(sqlOf(other))
  })

  it('has another fingerprint when what is counted changes, and the same when its addresses do', () => {
    const of = (tables: FlinkTables, graceMs: number) =>
      minutesFingerprint(tables, { ...MINUTES, graceMs }, null)
    const moved = {
      ...{ ...TABLES, brokers: ['other:9092'], kafka: { 'security.protocol': 'SSL' } },
      jdbc: { url: 'jdbc:postgresql://other/game', user: 'me', password: 'another' },
    }
    expect(of(moved, 20_000)).toBe(of(TABLES, 20_000))
    expect(of(TABLES, 21_000)).not.toBe(of(TABLES, 20_000))
    const prefixed = { ...TABLES, topics: { enriched: 'x-events-enriched', late: 'x-events-late' } }
    expect(of(prefixed, 20_000)).not.toBe(of(TABLES, 20_000))
  })

  it('never ends a quiet partition by a time-out, which would lose events', () => {
    expect(sqlOf(minutesJob(TABLES, MINUTES, null))).not.toMatch(/idle-timeout/)
  })

  it('counts from an instant on when it is told to', () => {
    const sql = sqlOf(minutesJob(TABLES, MINUTES, 1_700_000_040_000))
    expect(sql).toContain("'scan.startup.timestamp-millis' = '1700000040000'")
    expect(sql.match(/AND time_ms >= 1700000040000/g)).toHaveLength(1)
    // What came late meanwhile is of earlier minutes.
    expect(sql.split('INSERT INTO events_late')[1]).not.toContain('1700000040000')
  })

  it('quotes what settings hold', () => {
    expect(sqlOf(minutesJob(TABLES, MINUTES, null))).toContain("'password' = 'it''s secret'")
  })
})

describe('the batch jobs', () => {
  it('end where the topic ends, and answer when they are done', () => {
    const days = { from: 0, to: 86_400_000 }
    for (const job of [restateJob(TABLES, MINUTES, days), dailyUsersJob(TABLES, MINUTES, days)]) {
      expect(sqlOf(job)).toContain("'scan.bounded.mode' = 'latest-offset'")
      expect(job.properties).toMatchObject({
        ...{ 'execution.runtime-mode': 'batch', 'table.dml-sync': 'true' },
      })
    }
  })

  it('restate minutes, hours and days', () => {
    const { inserts } = restateJob(TABLES, MINUTES, { from: 0, to: 86_400_000 })
    expect(inserts.map((each) => /FROM (\w+)$/.exec(each)?.[1])).toEqual([
      ...['minute_facts', 'hour_facts', 'day_facts'],
    ])
  })

  it('name every country', () => {
    const sql = sqlOf(dailyUsersJob(TABLES, MINUTES, null))
    expect(sql).toContain("('PT', 'Portugal')")
    expect(sql).toContain("('CI', 'Côte d’Ivoire')")
    expect(sql).not.toContain("('ZZ'")
  })
})

const plan = (...operators: readonly string[]): string =>
  `== Abstract Syntax Tree ==\nLogicalAggregate(x)\n\n== Optimized Execution Plan ==\n${operators.map((name, depth) => `${'   '.repeat(depth)}+- ${name}(fields=[GroupAggregate(x)])`).join('\n')}\n`

describe('a plan', () => {
  it('may run when all that it keeps is of windows', () => {
    const bounded = plan(
      'Sink',
      'WindowAggregate',
      'Exchange',
      'WindowDeduplicate',
      'TableSourceScan',
    )
    expect(operatorsOf(bounded)).toEqual([
      ...['Exchange', 'Sink', 'TableSourceScan', 'WindowAggregate', 'WindowDeduplicate'],
    ])
    expect(() => checkPlan(bounded)).not.toThrow()
  })

  it.each(['GroupAggregate', 'Deduplicate', 'Rank', 'Join', 'ChangelogNormalize'])(
    'with %s is refused',
    (name) => {
      const unbounded = plan('Sink', 'WindowAggregate', name, 'TableSourceScan')
      expect(unboundedIn(unbounded)).toEqual([name])
      expect(() => checkPlan(unbounded)).toThrow(name)
    },
  )

  it('that is none is refused', () => {
    expect(() => checkPlan('')).toThrow('counts no windows')
  })
})

describe('addresses', () => {
  it('of PostgreSQL are for Java without user and password', () => {
    expect(jdbcTarget('postgresql://me%40x:p%2Fw@db:5433/game?sslmode=require')).toEqual({
      url: 'jdbc:postgresql://db:5433/game?sslmode=require&reWriteBatchedInserts=true&prepareThreshold=0&ApplicationName=questline-flink',
      ...{ user: 'me@x', password: 'p/w' },
    })
  })

  it('of brokers that ask who comes name the classes that the connector brings', () => {
    const sasl = { mechanism: 'SCRAM-SHA-512', username: 'u', password: 'a"b\\c' } as const
    expect(kafkaProperties({ tls: { ca: 'PEM', cert: null, key: null }, sasl })).toEqual({
      'security.protocol': 'SASL_SSL',
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': 'PEM',
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config':
        'org.apache.flink.kafka.shaded.org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="a\\"b\\\\c";',
    })
    expect(kafkaProperties({ tls: null, sasl: null })).toEqual({})
  })
})

describe('an error of Flink', () => {
  it('is the last cause of its stack', () => {
    const stack =
      'Outer: x\n\tat a.B(C.java:1)\nCaused by: Middle: y\n\tat d.E\nCaused by: Inner: the topic is missing\nsecond line\n\tat f.G\n\t... 3 more'
    expect(lastCause(stack)).toBe('Inner: the topic is missing\nsecond line')
    expect(lastCause('Alone: z\n\tat a.B')).toBe('Alone: z')
  })
})

describe('the newest checkpoint', () => {
  it('is the last one that is complete', async () => {
    const folder = newFolder()
    for (const [name, isComplete] of [
      ['chk-9', true],
      ['chk-10', true],
      ['chk-11', false],
    ] as const) {
      mkdirSync(join(folder, 'job', name), { recursive: true })
      if (isComplete) writeFileSync(join(folder, 'job', name, '_metadata'), '')
    }
    expect(await newestCheckpoint(`file://${folder}`, 'job')).toBe(`file:${folder}/job/chk-10`)
    expect(await newestCheckpoint(`file://${folder}`, 'other')).toBeNull()
    expect(await newestCheckpoint('s3://bucket', 'job')).toBeNull()
  })
})

describe('the gateway', () => {
  it('asks again until there is a result, reads all pages, and closes what it has opened', async () => {
    const asked: string[] = []
    const pages = [
      { resultType: 'NOT_READY' },
      {
        ...{ resultType: 'PAYLOAD', jobID: 'j1', nextResultUri: '/v3/next' },
        results: { data: [{ fields: ['j1'] }] },
      },
      { resultType: 'EOS', results: { data: [] } },
    ]
    const ask: Ask = async (method, url) => {
      asked.push(`${method} ${url.replace('http://gw', '')}`)
      if (url.endsWith('/sessions')) return { sessionHandle: 's' }
      if (url.endsWith('/statements')) return { operationHandle: 'o' }
      return method === 'GET' ? pages.shift() : {}
    }
    const gateway = createGateway({ ask, sleep: async () => undefined }, 'http://gw')
    const job = { name: 'x', properties: {}, definitions: ['CREATE VIEW v'], inserts: ['INSERT'] }
    expect(await gateway.run(job, null)).toBe('j1')
    expect(asked).toEqual([
      ...['POST /v3/sessions', 'POST /v3/sessions/s/configure-session'],
      ...[
        'POST /v3/sessions/s/statements',
        'GET /v3/sessions/s/operations/o/result/0?rowFormat=JSON',
      ],
      ...['GET /v3/sessions/s/operations/o/result/0?rowFormat=JSON', 'GET /v3/next'],
      ...['DELETE /v3/sessions/s/operations/o/close', 'DELETE /v3/sessions/s'],
    ])
  })
})

const BOUNDED = plan('Sink', 'WindowAggregate', 'TableSourceScan')
const RUNS: JobReport = {
  ...{
    state: 'RUNNING',
    waiting: [],
    restarts: 0,
    checkpoint: null,
    watermark: null,
    lostLate: 0,
  },
}

/** A Flink of one job, which knows it until it `forgets`. */
function aFlink(book: JobBook, graceMs = MINUTES.graceMs, explained = BOUNDED) {
  const runs: (string | null)[] = []
  let job: string | null = null
  let report: JobReport = RUNS
  let heard: number | null = null
  const jobManager: JobManager = {
    jobs: async () =>
      job === null ? [] : [{ id: job, name: MINUTES_JOB, state: report.state, startedAt: 1 }],
    report: async (id) => (id === job ? report : null),
    failure: async () => (report.state === 'RUNNING' ? null : 'the broker is away'),
    cancel: async () => {
      job = null
    },
    checkpointFolder: async () => null,
  }
  const gateway = {
    explain: async () => explained,
    run: async (_job: Job, from: string | null) => {
      runs.push(from)
      job = `job-${runs.length}`
      return job
    },
    stop: async () => {
      job = null
      return 'file:/savepoint'
    },
  }
  let now = 1
  const sleep = async (ms: number) => {
    now += ms
  }
  const heardUntil = async () => heard
  const parts = { gateway, jobManager, book, heardUntil, now: () => now, sleep }
  const deployment = createDeployment(parts, { tables: TABLES, minutes: { ...MINUTES, graceMs } })
  return {
    ...{ deployment, runs },
    become: (changes: Partial<JobReport>) => {
      report = { ...report, ...changes }
    },
    forget: () => {
      job = null
    },
    tellKafka: (until: number) => {
      heard = until
    },
  }
}

const aBook = (): JobBook => createJobBook(join(newFolder(), 'inner', 'book.json'))

describe('the job', () => {
  it('is started once', async () => {
    const { deployment, runs } = aFlink(aBook())
    expect((await deployment.status()).standing).toBe('absent')
    await deployment.deploy(null)
    await expect(deployment.deploy(null)).rejects.toThrow('runs already: job-1')
    expect((await deployment.status()).standing).toBe('running')
    expect(runs).toEqual([null])
  })

  it('is not started with a plan that keeps rows for ever', async () => {
    const explained = plan('Sink', 'WindowAggregate', 'GroupAggregate')
    const { deployment, runs } = aFlink(aBook(), MINUTES.graceMs, explained)
    await expect(deployment.deploy(null)).rejects.toThrow('GroupAggregate')
    expect(runs).toEqual([])
  })

  it('that does not come to run is cancelled, and the reason is shown', async () => {
    const flink = aFlink(aBook())
    flink.become({ state: 'RESTARTING' })
    await expect(flink.deployment.deploy(null)).rejects.toThrow('the broker is away')
    expect((await flink.deployment.status()).standing).toBe('lost')
  })

  it('that has not failed, but does not come to run, says which parts wait', async () => {
    const flink = aFlink(aBook())
    flink.become({ waiting: ['SCHEDULED Source: events', 'CREATED Sink: facts'] })
    await expect(flink.deployment.deploy(null)).rejects.toThrow(
      'does not run: RUNNING, SCHEDULED Source: events, CREATED Sink: facts',
    )
  })

  it('goes on from its savepoint', async () => {
    const { deployment, runs } = aFlink(aBook())
    await deployment.deploy(120_001)
    expect(await deployment.stop(false)).toEqual({ job: 'job-1', savepoint: 'file:/savepoint' })
    expect((await deployment.status()).standing).toBe('stopped')
    const { since } = await deployment.resume({ from: null, upgrade: false })
    expect(since).toBe(120_000)
    expect(runs).toEqual([null, 'file:/savepoint'])
  })

  it('that Flink has forgotten goes on from the checkpoint that was seen last', async () => {
    const flink = aFlink(aBook())
    await flink.deployment.deploy(null)
    flink.become({ checkpoint: { path: 's3://x/chk-7', at: 1 } })
    await flink.deployment.status()
    flink.forget()
    expect((await flink.deployment.status()).standing).toBe('lost')
    await flink.deployment.resume({ from: null, upgrade: false })
    expect(flink.runs).toEqual([null, 's3://x/chk-7'])
  })

  it('with other SQL goes on only when told to, from the first minute that may have been open', async () => {
    const book = aBook()
    const before = aFlink(book)
    await before.deployment.deploy(null)
    before.become({ watermark: 600_500 })
    await before.deployment.stop(false)
    const after = aFlink(book, MINUTES.graceMs + 1)
    await expect(after.deployment.resume({ from: null, upgrade: false })).rejects.toThrow(
      FlinkError,
    )
    expect(await after.deployment.resume({ from: null, upgrade: true })).toMatchObject({
      ...{ restored_from: null, since: 540_000 },
    })
  })

  it('with other SQL goes on by what Kafka was told, where nobody has seen how far it was', async () => {
    const book = aBook()
    const before = aFlink(book)
    await before.deployment.deploy(null)
    before.become({ checkpoint: { path: 's3://x/chk-7', at: 1 } })
    await before.deployment.status()
    before.forget()
    // Its grace is that of the job that has read so far.
    const after = aFlink(book, 90_000)
    after.tellKafka(600_000 + MINUTES.graceMs)
    expect(await after.deployment.resume({ from: null, upgrade: true })).toMatchObject({
      ...{ restored_from: null, since: 480_000 },
    })
  })

  it('with other SQL counts no minutes that it never counted', async () => {
    const book = aBook()
    const before = aFlink(book)
    await before.deployment.deploy(600_000)
    before.become({ watermark: 610_000 })
    await before.deployment.stop(false)
    const after = aFlink(book, MINUTES.graceMs + 1)
    expect(await after.deployment.resume({ from: null, upgrade: true })).toMatchObject({
      since: 600_000,
    })
  })

  it.each([
    [null, '`questline flink deploy` counts'],
    [120_000, '`questline flink deploy --since 1970-01-01T00:02:00.000Z` counts'],
  ])(
    'since %s whose end nobody knows names the command that is always right',
    async (since, command) => {
      const book = aBook()
      const before = aFlink(book)
      await before.deployment.deploy(since)
      before.forget()
      const after = aFlink(book, MINUTES.graceMs + 1)
      const resume = () => after.deployment.resume({ from: null, upgrade: true })
      // What Kafka knows is of another job: this one has made no checkpoint.
      after.tellKafka(600_000)
      await expect(resume()).rejects.toThrow(command)
      expect(after.runs).toEqual([])
    },
  )

  it('without anything to go on from says so', async () => {
    const flink = aFlink(aBook())
    const resume = () => flink.deployment.resume({ from: null, upgrade: false })
    await expect(resume()).rejects.toThrow('questline flink deploy')
    await flink.deployment.deploy(null)
    flink.forget()
    await expect(resume()).rejects.toThrow('neither a savepoint nor a checkpoint')
  })

  it('is written into its book as a whole', async () => {
    const book = aBook()
    expect(await book.read()).toBeNull()
    const entry: JobEntry = {
      ...{ job_id: 'a', fingerprint: 'b', since: null, deployed_at: 1, stopped: false },
      ...{ savepoint: null, checkpoint: null, written_until: null },
    }
    await book.write(entry)
    expect(await book.read()).toEqual(entry)
  })
})
