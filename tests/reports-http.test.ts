// The reports over HTTP: made by the server's own child process, read from its disk. What computes is
// plain (tests/report-runs), the rest is real.
import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshSqlite } from './database.ts'
import type { Answer, Sent } from './http/client.ts'
import { expectProblem } from './http/problem.ts'
import { converse } from './http/raw.ts'
import { PRODUCTION, type ServerChanges, startServer, type TestServer } from './http/server.ts'
import { marksIn } from './report-runs/one-run.ts'
import { PLAIN_QUESTLINE } from './report-runs/plain-questline.ts'

const SQLITE = { name: 'sqlite', fresh: freshSqlite }
const servers: TestServer[] = []
let server: TestServer

async function start(changes: ServerChanges = {}): Promise<TestServer> {
  const started = await startServer(SQLITE, { reportsProgram: PLAIN_QUESTLINE, ...changes })
  servers.push(started)
  return started
}
beforeEach(async () => {
  server = await start()
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((each) => each.stop()))
})

const tell = (how: string): Promise<void> => writeFile(join(server.dataDir, 'how'), how)
const makeReports = (query = '', sent: Sent = {}): Promise<Answer> =>
  server.send(`/run-pipeline${query}`, { method: 'POST', ...sent })
const read = (path: string, sent: Sent = {}): Promise<Answer> =>
  server.send(path, { token: server.keys.operator, ...sent })
const accept = (type: string): Sent => ({ headers: { accept: type } })
const runs = async (): Promise<Record<string, unknown>[]> =>
  (await read('/reports/runs')).body['runs'] as Record<string, unknown>[]
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

async function until(reached: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await reached())) {
    if (performance.now() > deadline) throw new Error('it did not come to that')
    await sleep(20)
  }
}

describe('POST /run-pipeline', () => {
  it('makes the reports and answers as the command line would', async () => {
    const answer = await makeReports('?date=2026-01-31')
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      ok: true,
      returncode: 0,
      stdout: expect.stringMatching(
        /^Pipeline execution completed successfully\.\nD-1 is 2026-01-31, as asked\npurchases_raw\.csv: 10 rows in, .*anomalies: 1 critical, 0 warning\n/s,
      ),
      stderr: '',
      run: expect.stringMatching(/^\d{8}T\d{9}Z-[0-9a-f]{8}$/),
    })
    expect(await readdir(join(server.dataDir, 'reports'))).toContain('report.html')
  })

  const failures = [
    ['missing', 2, /^\S+\/purchases_raw\.csv is missing$/],
    ['unbalanced', 1, /^the balance of rows does not hold: .*$/],
    ['bug', 1, /^this is a bug: undefined is not a campaign$/],
    ['dying', 137, /^the run was ended by SIGKILL, perhaps because memory ran out$/],
  ] as const
  it.each(failures)(
    'says in one line why there are none when it is %s',
    async (how, code, line) => {
      await tell(how)
      const answer = await makeReports()
      expect(answer.status).toBe(200)
      expect(answer.body).toEqual({
        ok: false,
        returncode: code,
        stdout: '',
        stderr: expect.stringMatching(line),
        run: expect.any(String),
      })
      expect((await runs())[0]).toMatchObject({ run: answer.body['run'], status: 'failed' })
    },
  )

  it('says so when the process cannot be started at all', async () => {
    server = await start({ reportsProgram: ['/nowhere/questline'] })
    const answer = await makeReports()
    expect(answer.body).toMatchObject({ ok: false, returncode: 1, run: null })
    expect(answer.body['stderr']).toBe('the run could not be started')
    expect((await makeReports('?wait=false')).status).toBe(200)
  })

  it('makes one run at a time', async () => {
    await tell('slow')
    const first = makeReports()
    await until(async () => (await runs())[0]?.['status'] === 'running')
    expectProblem(await makeReports(), 'run-in-progress')
    expectProblem(await makeReports('?wait=false'), 'run-in-progress')
    expect((await first).body['ok']).toBe(true)
    expect(await runs()).toHaveLength(1)
  })

  it('is refused while another process makes a run in the same folder', async () => {
    const other = await start({
      settings: { REPORTS_DIR: join(server.dataDir, 'reports') },
    })
    await writeFile(join(other.dataDir, 'how'), 'endless')
    expect((await other.send('/run-pipeline?wait=false', { method: 'POST' })).status).toBe(202)
    expectProblem(await makeReports(), 'run-in-progress')
    await other.halt()
    expect((await makeReports()).body['ok']).toBe(true)
  })

  it('answers at once with wait=false, and the run goes on', async () => {
    await tell('slow')
    const answer = await makeReports('?wait=false')
    expect(answer.status).toBe(202)
    expect(answer.body).toEqual({ run: expect.any(String) })
    expect((await runs())[0]).toMatchObject({ run: answer.body['run'], status: 'running' })
    await until(async () => (await runs())[0]?.['status'] === 'finished')
  })

  it('goes on when the client does not wait', async () => {
    await tell('slow')
    await converse(server.url, async (socket) => {
      socket.write('POST /run-pipeline HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n')
      await until(async () => (await runs())[0]?.['status'] === 'running')
      socket.destroy()
    })
    await until(async () => (await runs())[0]?.['status'] === 'finished')
  })

  it('stops a run that takes longer than its limit, one that hears nothing too', async () => {
    server = await start({ settings: { REPORTS_TIME_LIMIT_SEC: '3' } })
    for (const [how, code] of [
      ['endless', 143],
      ['deaf', 137],
    ] as const) {
      await tell(how)
      const answer = await makeReports()
      const stderr = 'it took longer than 3 seconds'
      expect(answer.body).toMatchObject({ ok: false, returncode: code, stdout: '', stderr })
      const [newest] = await runs()
      expect(newest).toMatchObject({ run: answer.body['run'], status: 'failed' })
      const folder = join(server.dataDir, 'reports/runs', String(newest?.['run']))
      expect(await readdir(folder)).toEqual(['run.json'])
      expect(JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')).error).toBe(stderr)
    }
    // Nothing is left that would keep the next one from its start.
    const other = await start({ settings: { REPORTS_DIR: join(server.dataDir, 'reports') } })
    expect((await other.send('/run-pipeline', { method: 'POST' })).body['ok']).toBe(true)
  })

  it('is stopped with the server, which answers who waits', async () => {
    await makeReports()
    const before = await marksIn(join(server.dataDir, 'reports'))
    await tell('endless')
    const waiting = makeReports()
    await until(async () => (await runs())[0]?.['status'] === 'running')
    await server.halt()
    expect((await waiting).body).toMatchObject({
      ok: false,
      returncode: 143,
      stderr: 'the server was stopped',
    })
    expect(await marksIn(join(server.dataDir, 'reports'))).toEqual(before)
  })

  it('may take longer than other answers, and an idle connection is not cut', async () => {
    server = await start({
      prepare: (app) => {
        app.server.timeout = 300
      },
      // The second and a half of the run is half a minute by the clock of the deadlines.
      world: { clock: { now: Date.now, monotonic: () => performance.now() * 20 } },
    })
    await tell('slow')
    expect((await makeReports()).body['ok']).toBe(true)
  })

  it.runIf(process.platform === 'linux')('has the lowest priority', async () => {
    await tell('endless')
    await makeReports('?wait=false')
    const children = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')
    const pids = children.trim().split(' ').map(Number)
    expect(pids.map((pid) => getPriority(pid))).toContain(19)
  })

  it('gives the process no secret', async () => {
    await tell('endless')
    await makeReports('?wait=false')
    const children = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')
    const environments = await Promise.all(
      children
        .trim()
        .split(' ')
        .map((pid) => readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')),
    )
    const ours = environments.find((text) => text.includes(server.dataDir)) ?? ''
    const names = ours.split('\0').map((line) => line.split('=')[0])
    expect(names.filter(Boolean).sort()).toEqual(
      [
        ...['BAD_RECEIPT_PATTERN', 'DATA_DIR', 'REPORTS_DIR', 'REPORTS_INPUT_ZONE'],
        ...['REPORTS_MEMORY_MB', 'REPORTS_SOURCE', 'REPORTS_THREADS', 'RUNS_KEEP_DAYS'],
        // Of the channel between the two processes.
        ...['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE'],
      ].sort(),
    )
  })

  it.each(['?date=2026-02-30', '?date=today', '?wait=maybe', '?fast=true'])(
    'is not called with %s',
    async (query) => {
      expectProblem(await makeReports(query), 'invalid-request')
    },
  )
})

describe('the door of /run-pipeline', () => {
  it('is open on this machine alone: not through a proxy, not from pages of strangers', async () => {
    await tell('missing')
    const open = [
      {},
      { host: 'localhost:8000' },
      { host: '[::1]:8000' },
      { origin: 'http://localhost:3000' },
      { origin: server.url },
    ]
    for (const headers of open) {
      expect((await makeReports('', { headers })).status, JSON.stringify(headers)).toBe(200)
    }
    const closed: Record<string, string>[] = [
      { 'x-forwarded-for': '203.0.113.7' },
      { forwarded: 'for=127.0.0.1' },
      { host: 'questline.example' },
      { host: 'localhost.example' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]
    for (const headers of closed) {
      expectProblem(await makeReports('', { headers }), 'unauthenticated')
      const token = await server.guest('ada')
      expectProblem(await makeReports('', { headers, token }), 'door-closed')
    }
    const operator = { headers: closed[0] ?? {}, token: server.keys.operator }
    expect((await makeReports('', operator)).status).toBe(200)
  })

  it('is closed to those whom a trusted proxy passes on', async () => {
    server = await start({ settings: { TRUST_PROXY: '127.0.0.1' } })
    await tell('missing')
    const headers = { 'x-forwarded-for': '203.0.113.7' }
    expectProblem(await makeReports('', { headers }), 'unauthenticated')
  })

  it('is closed in production, and reports are for operators everywhere', async () => {
    server = await start({ settings: PRODUCTION })
    expectProblem(await makeReports(), 'unauthenticated')
    expectProblem(await makeReports('', { token: server.keys.server }), 'door-closed')
    expect((await makeReports('', { token: server.keys.operator })).status).toBe(200)
    for (const path of ['/reports', '/reports/runs', '/reports/roas_d1']) {
      expectProblem(await server.send(path), 'unauthenticated')
      expectProblem(await server.send(path, { token: server.keys.ingest }), 'forbidden')
      expect((await read(path)).status).toBe(200)
    }
  })
})

describe('GET /reports', () => {
  it('lists what there is to read, before the first run too', async () => {
    const none = await read('/reports')
    expect(none.body).toMatchObject({ run: null, date: null, finished_at: null })
    const { run } = (await makeReports('?date=2026-01-31')).body
    const answer = await read('/reports')
    expect(answer.body).toMatchObject({ run, date: '2026-01-31' })
    const reports = answer.body['reports'] as Record<string, unknown>[]
    expect(reports.map(({ name }) => name)).toEqual([
      ...['report', 'roas_d1', 'roas_anomaly', 'arpdau_d1', 'reconciliation'],
      ...['purchases_curated', 'rejected_rows', 'run'],
    ])
    for (const { href, types } of reports) {
      const [type] = types as string[]
      const report = await read(String(href))
      expect(report.status).toBe(200)
      expect(report.headers['content-type']).toBe(`${type}; charset=utf-8`)
    }
  })
})

describe('GET /reports/{name}', () => {
  it('is 404 while there is none, and says how to make it', async () => {
    const none = expectProblem(await read('/reports/roas_d1'), 'no-report')
    expect(none['detail']).toBe(
      'There is no roas_d1. Make it with POST /run-pipeline or `questline reports run`.',
    )
    await makeReports('?date=2026-01-31')
    const other = expectProblem(await read('/reports/run?date=2026-01-30'), 'no-report')
    expect(other['detail']).toContain('`questline reports run --date 2026-01-30`')
    expectProblem(await read('/reports/horoscope'), 'not-found')
    expectProblem(await read('/reports/..%2f..%2fsecrets.json'), 'not-found')
    expectProblem(await read('/reports/roas_d1?date=2026-13-01'), 'invalid-request')
  })

  it('gives the bytes of the newest good run, or of that of a day', async () => {
    await makeReports('?date=2026-01-30')
    const first = await read('/reports/roas_d1')
    await makeReports('?date=2026-01-31')
    await tell('missing')
    await makeReports()
    const newest = await read('/reports/roas_d1')
    expect(newest.text).not.toBe(first.text)
    const file = join(server.dataDir, 'reports/roas_d1.json')
    expect(newest.text).toBe(await readFile(file, 'utf8'))
    expect(newest.headers['content-length']).toBe(String(Buffer.byteLength(newest.text)))
    expect(newest.headers.etag).toBe(`"${sha256(newest.text)}"`)
    expect((await read('/reports/roas_d1?date=2026-01-30')).text).toBe(first.text)
    expect((await read('/reports/roas_d1.json?date=2026-01-30')).text).toBe(first.text)
  })

  it('is not sent again to those who have it', async () => {
    await makeReports()
    const { headers } = await read('/reports/roas_d1')
    const etag = String(headers.etag)
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await read('/reports/roas_d1', { headers: { 'if-none-match': known } })
      expect([again.status, again.text, again.headers.etag]).toEqual([304, '', etag])
    }
    const other = await read('/reports/roas_d1', { headers: { 'if-none-match': '"x"' } })
    expect(other.status).toBe(200)
    // The same rows as CSV are another content.
    const csv = await read('/reports/roas_d1', {
      headers: { 'if-none-match': etag, accept: 'text/csv' },
    })
    expect(csv.status).toBe(200)
  })

  it('tells its size without its content', async () => {
    await makeReports()
    const whole = await read('/reports/purchases_curated')
    const head = await read('/reports/purchases_curated', { method: 'HEAD' })
    expect([head.status, head.text]).toEqual([200, ''])
    for (const name of ['content-length', 'content-type', 'etag']) {
      expect(head.headers[name]).toBe(whole.headers[name])
    }
  })

  it('is CSV where CSV is asked for, safe for spreadsheets', async () => {
    await makeReports('?date=2026-01-31')
    const roas = await read('/reports/roas_d1', accept('text/csv'))
    expect(roas.headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(roas.text.split('\r\n')).toEqual([
      'date,campaign,revenue_usd,ad_cost_usd,roas,status',
      '2026-01-31,"A, ""B""",,,1.25,',
      '2026-01-31,(NONE),,,,',
      '',
    ])
    const matches = await read('/reports/reconciliation', accept('text/csv'))
    expect(matches.text.split('\r\n')).toEqual([
      'type,appsflyer_id,af_event_time_utc,cf_event_time_utc,event_time_utc,revenue_usd,confirmed_revenue_usd,receipt_id,rule,seconds_apart,flags',
      "matched,'=1,,,,,,,,-5,a;b",
      'af_only,"say ""},{""",,,,,,,,,',
      '',
    ])
  })

  it('says in which forms it exists', async () => {
    await makeReports()
    const wrong = [
      ['purchases_curated', 'application/json', 'purchases_curated is text/csv.'],
      ['roas_d1', 'text/html', 'roas_d1 is application/json or text/csv.'],
      ['report', 'application/json', 'report is text/html.'],
      ['run', 'text/csv', 'run is application/json.'],
    ] as const
    for (const [name, type, detail] of wrong) {
      const answer = await read(`/reports/${name}`, accept(type))
      expect(expectProblem(answer, 'not-acceptable')['detail']).toBe(detail)
    }
    const none = expectProblem(await read('/reports/run', accept('image/png')), 'not-acceptable')
    expect(none['detail']).toBe('All answers are application/json, text/csv, text/html.')
  })

  it('is a page that may run and load nothing', async () => {
    await makeReports()
    const page = await read('/reports/report.html')
    expect(page.text).toMatch(/^<!doctype html>/)
    expect(page.headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
  })

  it('is never a file that somebody changed, nor a mixed set', async () => {
    await makeReports('?date=2026-01-30')
    const before = await read('/reports/arpdau_d1')
    const { run } = (await makeReports('?date=2026-01-31')).body
    await rm(join(server.dataDir, 'reports/runs', String(run), 'roas_d1.json'))
    expect((await read('/reports')).body['date']).toBe('2026-01-30')
    expect((await read('/reports/arpdau_d1')).text).toBe(before.text)
  })
})

it('a server that starts brings the reports in order', async () => {
  await makeReports()
  const out = join(server.dataDir, 'reports')
  const before = await readFile(join(out, 'roas_d1.json'), 'utf8')
  await rm(join(out, 'roas_d1.json'))
  await start({ settings: { REPORTS_DIR: out } })
  expect(await readFile(join(out, 'roas_d1.json'), 'utf8')).toBe(before)
})
