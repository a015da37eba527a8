// A server whose reports are made of its own log: by request and by the schedule, by the real command.
import { createHmac } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DATABASES, type FreshDatabase } from './database.ts'
import { startServer, type TestServer } from './http/server.ts'

const SECRET = 'the secret of a provider in the tests'
const DAY = '2026-03-10'

describe.each(DATABASES)('a server with REPORTS_SOURCE=log on $name', (database) => {
  let fresh: FreshDatabase
  let server: TestServer
  const servers: TestServer[] = []
  const start = async (settings: Readonly<Record<string, string>> = {}): Promise<TestServer> => {
    const kept = { ...fresh, drop: async () => undefined }
    const started = await startServer(
      { name: database.name, fresh: async () => kept },
      { settings: { REPORTS_SOURCE: 'log', AF_SECRET: SECRET, ...settings } },
    )
    servers.push(started)
    return started
  }

  beforeEach(async () => {
    fresh = await database.fresh()
    server = await start()
    const costs = `date,campaign,ad_cost_usd\n${DAY},Spring,10\n`
    await writeFile(join(server.dataDir, 'costs_daily.csv'), costs)
    await report('9.99', 'R1')
    await report('9.99', 'R1')
    await report('5.01', 'R2')
    await report('700', 'R3', 'unsigned')
  })
  afterEach(async () => {
    for (const each of servers.splice(0).reverse()) await each.stop()
    await fresh.drop()
  })

  /** The provider reports a purchase. */
  async function report(amount: string, receipt: string, proof = 'signed'): Promise<void> {
    const body = JSON.stringify({
      ...{ event_name: 'af_purchase', event_time: `${DAY} 12:00:00`, appsflyer_id: 'AF-1' },
      ...{ campaign: 'Spring', event_revenue_usd: amount },
      event_value: JSON.stringify({ af_receipt_id: receipt }),
    })
    const signature = createHmac('sha256', SECRET).update(body).digest('hex')
    const headers = proof === 'signed' ? { 'x-af-signature': signature } : {}
    expect((await server.send('/af/postback', { body, headers })).status).toBe(200)
  }
  /** What the newest run read, and what it found. */
  async function newest() {
    const token = server.keys.operator
    const run = (await server.send('/reports/run', { token })).body
    return { run, roas: JSON.parse((await server.send('/reports/roas_d1', { token })).text) }
  }
  const spring = {
    ...{ date: DAY, campaign: 'SPRING', revenue_usd: 15, ad_cost_usd: 10, roas: 1.5 },
    status: 'ok',
  }
  // One offset for each postback but the one that came again.
  const read = { log_offset: 3, parameters: { source: 'log' } }

  it('makes them of its verified postbacks when it is asked', async () => {
    const answer = await server.send(`/run-pipeline?date=${DAY}`, { method: 'POST' })
    expect(answer.body).toMatchObject({ ok: true, returncode: 0 })
    expect(answer.body['stdout']).toContain('all but the costs is of the log, up to its offset 3')
    expect(await newest()).toMatchObject({ run: read, roas: [spring] })
  })

  it('makes them by the schedule', async () => {
    await server.halt()
    const { dataDir } = server
    server = await start({
      DATA_DIR: dataDir,
      REPORTS_DIR: join(dataDir, 'reports'),
      ...{ REPORTS_SCHEDULE: 'on', REPORTS_DELAY_MIN: '0' },
    })
    server = { ...server, dataDir }
    const runs = async () =>
      JSON.stringify((await server.send('/reports/runs', { token: server.keys.operator })).body)
    const deadline = performance.now() + 20_000
    while (!(await runs()).includes('"status":"finished"')) {
      if (performance.now() > deadline) throw new Error(`no good run: ${await runs()}`)
      await sleep(50)
    }
    // The only day with purchases is D-1, whenever this test runs.
    expect(await newest()).toMatchObject({ run: read, roas: [spring] })
  })
})
