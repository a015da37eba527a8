// `questline reports run --source log`: postbacks and events of real books in, reports out, with numbers
// that were worked out by hand.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DATABASES } from './database.ts'
import { type LoggedSales, loggedSales } from './logged-sales.ts'
import { questline, spawnQuestline } from './questline.ts'

const COSTS = 'date,campaign,ad_cost_usd\n2026-03-10,Spring,10\n2026-03-10,Idle,3\n'
const OUTPUTS = [
  ...['arpdau_d1.json', 'purchases_curated.csv', 'reconciliation.json', 'rejected_rows.csv'],
  ...['report.html', 'roas_anomaly.json', 'roas_d1.json'],
]
const TELL_MODULES = `--import ${join(import.meta.dirname, 'report-runs/tell-modules.ts')}`

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'questline-reports-source-'))
  await writeFile(join(folder, 'costs_daily.csv'), COSTS)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const run = (line: string, settings: Readonly<Record<string, string>> = {}) =>
  questline(['reports', 'run', ...line.split(' ').filter(Boolean)], {
    folder,
    settings: { DATA_DIR: folder, REPORTS_DIR: join(folder, 'reports'), ...settings },
  })
const output = (name: string): Promise<string> => readFile(join(folder, 'reports', name), 'utf8')
const json = async (name: string) => JSON.parse(await output(name))
/** All reports by name; they are a function of the log up to an offset, run.json is not. */
const reports = async () =>
  Object.fromEntries(await Promise.all(OUTPUTS.map(async (name) => [name, await output(name)])))

/** What happened until 2026-03-10, with the offsets of what is to be rejected. */
async function aDayOf(sales: LoggedSales) {
  const { postback, event } = sales
  const alice = { customer_user_id: 'alice', appsflyer_id: 'AF-1', campaign: 'Spring' }
  const bob = { customer_user_id: 'bob', appsflyer_id: 'AF-2', campaign: ' spring ' }
  const carol = { customer_user_id: 'carol', appsflyer_id: 'AF-3', campaign: 'Late,\n"Autumn"\0' }
  const receipt = (id: string) => JSON.stringify({ af_receipt_id: id })
  await postback({ ...alice, event_name: 'install', appsflyer_id: 'AF-0' })
  const first = {
    ...alice,
    event_time: '2026-03-10 12:00:00',
    event_revenue_usd: '9.99',
    event_value: receipt('R1'),
  }
  await postback(first)
  await postback(first)
  const copied = {
    ...alice,
    event_time: '2026-03-10 12:30:00',
    event_revenue_usd: '1',
    event_value: receipt('R5'),
  }
  await postback(
    { ...alice, event_time: '2026-03-10 11:00:00', event_revenue_usd: '100' },
    'unsigned',
  )
  await postback(copied, 'unsigned')
  await postback(copied)
  await postback({
    ...bob,
    event_name: 'Purchase',
    event_time: '2026-03-10 13:00:00.500',
    event_revenue_usd: 4.99,
    event_value: { af_order_id: 'R2' },
  })
  const returned = { ...bob, event_revenue_usd: '20.00', event_value: receipt('R3') }
  await postback({ ...returned, event_time: '2026-03-10 14:00:00' })
  await postback({ ...returned, event_name: 'af_refund', event_time: '2026-03-11 09:00:00' })
  const taken = { ...carol, event_value: receipt('R4') }
  await postback({ ...taken, event_time: '2026-03-10 09:00:00', event_revenue_usd: '-5' })
  await postback({ ...taken, event_time: '2026-03-10 08:00:00', event_revenue_usd: '5.00' })
  await postback({ ...carol, event_name: 'af_level_achieved', event_revenue_usd: '7' })
  const nobody = await postback({ customer_user_id: 'dave', event_revenue_usd: '3', campaign: 'X' })
  const worthless = await postback({ ...alice, event_time: '2026-03-10 16:00:00' })
  // Its second line looks like a row of the list of rejected rows.
  const crooked = await postback({
    ...{ ...alice, event_time: '2026-03-10 17:00:00' },
    campaign: 'x\nsessions.csv,1,empty-user-id,77,y',
  })

  const buy = (
    player: string,
    at: string,
    transaction: string | undefined,
    micros: unknown,
    currency = 'USD',
  ) =>
    event('purchase', player, at, {
      ...{ transaction_id: transaction, amount_micros: micros, currency, product_id: 'gems' },
    })
  await buy('alice', '2026-03-10T12:00:30Z', 'R1', 9_990_000)
  await buy('alice', '2026-03-10T12:00:30Z', 'R1', 9_990_000)
  await buy('bob', '2026-03-10T13:00:01Z', 'R2', 4_990_000)
  const euros = await buy('bob', '2026-03-10T14:00:01Z', 'R7', 3_990_000, 'EUR')
  const unknown = await buy('dave', '2026-03-10T15:00:00Z', 'R8', 1_000_000)
  await buy('carol', '2026-03-10T15:00:00Z', 'R6', 1_500_000)
  await buy('carol', '2026-03-10T15:30:00Z', undefined, 2_500_000)
  const torn = await buy('carol', '2026-03-10T15:40:00Z', 'R9', '1.5')
  const fields = { transaction_id: 'R10', amount_micros: 1_000_000, currency: 'USD' }
  await event('purchase', 'carol', '2026-03-10T16:00:00Z', fields, 'free')

  for (const [player, at] of [
    ['alice', '2026-03-10T10:00:00Z'],
    ['alice', '2026-03-10T10:00:00Z'],
    ['alice', '2026-03-10T11:00:00Z'],
    ['bob', '2026-03-10T23:59:59.999Z'],
    ['eve', '2026-03-10T00:00:00Z'],
    ['frank', '2026-03-11T00:00:00Z'],
  ] as const) {
    await event('session_start', player, at)
  }
  const someone = await event('session_start', null, '2026-03-10T10:00:00Z')
  await event('session_start', 'gina', '2026-03-10T10:00:00Z', {}, 'free')
  return { nobody, worthless, crooked, euros, unknown, torn, someone }
}

describe.each(DATABASES)('reports from the log on $name', (database) => {
  let sales: LoggedSales
  let offsets: Awaited<ReturnType<typeof aDayOf>>
  beforeAll(async () => {
    sales = await loggedSales(database)
    offsets = await aDayOf(sales)
  })
  afterAll(() => sales.close())
  const fromLog = (line: string) => run(`--source log ${line}`, { DATABASE_URL: sales.url })

  it('count what is verified, once', async () => {
    const { exit, errors } = await fromLog('--date 2026-03-10')
    expect({ exit, errors }).toMatchObject({ exit: 0 })
    const autumn = 'LATE, "AUTUMN"\ufffd'
    expect(await json('roas_d1.json')).toEqual([
      { ...aRoas, campaign: 'IDLE', revenue_usd: 0, ad_cost_usd: 3, roas: 0, status: 'no_revenue' },
      { ...aRoas, campaign: autumn, revenue_usd: 0, ad_cost_usd: 0, roas: null, status: 'no_cost' },
      // 9.99 + 4.99 + 1, and the 20 that were refunded are none.
      {
        ...aRoas,
        campaign: 'SPRING',
        revenue_usd: 15.98,
        ad_cost_usd: 10,
        roas: 1.598,
        status: 'ok',
      },
    ])
    expect(await json('arpdau_d1.json')).toEqual([
      { ...aRoas, campaign: '(ALL)', revenue_usd: 15.98, dau: 3, arpdau: 5.3266666667 },
      { ...aRoas, campaign: 'IDLE', revenue_usd: 0, dau: 3, arpdau: 0 },
      { ...aRoas, campaign: autumn, revenue_usd: 0, dau: 3, arpdau: 0 },
      { ...aRoas, campaign: 'SPRING', revenue_usd: 15.98, dau: 3, arpdau: 5.3266666667 },
    ])
  })

  it('reconcile postbacks with the purchases of the game, through the newest postback', async () => {
    await fromLog('--date 2026-03-10')
    const { summary, details } = await json('reconciliation.json')
    expect(summary).toMatchObject({
      ...{ matched: 2, matched_by_receipt: 2, af_only: 3, confirmed_only: 1, amount_mismatch: 0 },
    })
    const shown = details.map((one: Record<string, unknown>) => [
      ...[one['type'], one['appsflyer_id'], one['receipt_id'], one['revenue_usd']],
      one['seconds_apart'],
    ])
    expect(shown).toEqual([
      ['af_only', 'AF-3', 'R4', 0, null],
      ['matched', 'AF-1', 'R1', 9.99, 30],
      ['af_only', 'AF-1', 'R5', 1, null],
      ['matched', 'AF-2', 'R2', 4.99, 0.5],
      ['af_only', 'AF-2', 'R3', 0, null],
      ['confirmed_only', 'AF-3', 'R6', 1.5, null],
    ])
  })

  it('reject rows with their offset in the log, and other currencies with their own reason', async () => {
    await fromLog('--date 2026-03-10')
    const { nobody, worthless, crooked, euros, unknown, torn, someone } = offsets
    const confirmed = (offset: number, reason: string, rest: string) =>
      `confirmed_purchases.csv,${offset},${reason},"${offset},2026-03-10T1${rest}"`
    expect((await output('rejected_rows.csv')).trimEnd().split('\n')).toEqual([
      'file,line,reason,raw',
      confirmed(euros, 'currency-without-rate', '4:00:01Z,3.99 EUR without a rate,R7,AF-2'),
      confirmed(unknown, 'empty-appsflyer-id', '5:00:00Z,1.00,R8,'),
      confirmed(torn, 'unreadable-money', '5:40:00Z,,R9,AF-3'),
      `purchases_raw.csv,${nobody},empty-appsflyer-id,"${nobody},,af_purchase,2026-03-11T12:00:00Z,3,X,,success"`,
      `purchases_raw.csv,${worthless},unreadable-money,"${worthless},AF-1,af_purchase,2026-03-10T16:00:00Z,,Spring,,success"`,
      `purchases_raw.csv,${crooked},unreadable-money,"${crooked},AF-1,af_purchase,2026-03-10T17:00:00Z,,""x`,
      'sessions.csv,1,empty-user-id,77,y"",,success"',
      `sessions.csv,${someone},empty-user-id,"${someone},2026-03-10T10:00:00Z,"`,
    ])
  })

  it('say on the page what run.json says: the offset, and why rows were rejected', async () => {
    await fromLog('--date 2026-03-10')
    const page = await output('report.html')
    expect(page).toContain(
      `all but the costs is of the log, up to its offset ${await sales.log.head()}</li>`,
    )
    const reasons = [...page.matchAll(/data-row="reason".*?<\/tr>/g)].map(([row]) =>
      row.replace(/<[^>]+>/g, ' ').replace(/ +/g, ' '),
    )
    expect(reasons.join('\n')).toMatch(
      /confirmed_purchases.csv rejected currency-without-rate 1 The amount is in a currency/,
    )
  })

  it('say in run.json how far the log was read, and where each row ended', async () => {
    const { output: printed } = await fromLog('--date 2026-03-10')
    const newest = await sales.log.head()
    const record = await json('run.json')
    expect(record).toMatchObject({ log_offset: newest, parameters: { source: 'log' } })
    expect(printed).toContain(`all but the costs is of the log, up to its offset ${newest}\n`)
    const fates = record.inputs.map(({ sha256, bytes, ...fate }: Record<string, unknown>) => {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/)
      expect(bytes).toBeGreaterThan(20)
      return fate
    })
    expect(fates).toEqual([
      {
        file: 'purchases_raw.csv',
        ...{ rows_in: 10, kept: 5, duplicates: 0, filtered: { chargeback: 2 } },
        rejected: { 'empty-appsflyer-id': 1, 'unreadable-money': 2 },
      },
      {
        file: 'confirmed_purchases.csv',
        ...{ rows_in: 7, kept: 3, duplicates: 1, filtered: {} },
        rejected: { 'currency-without-rate': 1, 'empty-appsflyer-id': 1, 'unreadable-money': 1 },
      },
      {
        file: 'costs_daily.csv',
        ...{ rows_in: 2, kept: 2, duplicates: 0, filtered: {}, rejected: {} },
      },
      {
        file: 'sessions.csv',
        ...{ rows_in: 7, kept: 5, duplicates: 1, filtered: {}, rejected: { 'empty-user-id': 1 } },
      },
    ])
  })

  it('are a function of the log up to an offset, whatever is appended and whoever is killed', async () => {
    const until = await sales.log.head()
    await fromLog('--date 2026-03-10')
    const before = await reports()
    const { inputs } = await json('run.json')
    await sales.postback({
      ...{ customer_user_id: 'bob', appsflyer_id: 'AF-9', event_revenue_usd: '50' },
      event_time: '2026-03-10 20:00:00',
    })
    await sales.event('session_start', 'zoe', '2026-03-10T20:00:00Z')

    const child = spawnQuestline(['reports', 'run', '--source', 'log'], {
      folder,
      settings: { DATA_DIR: folder, REPORTS_DIR: join(folder, 'reports'), DATABASE_URL: sales.url },
    })
    child.stderr?.once('data', () => child.kill('SIGKILL'))
    await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')
    expect(await reports()).toEqual(before)

    const again = await fromLog(`--date 2026-03-10 --log-offset ${until}`)
    expect(again.exit).toBe(0)
    expect(await reports()).toEqual(before)
    expect(await json('run.json')).toMatchObject({ log_offset: until, inputs })
    const runs = (await readdir(join(folder, 'reports/runs'))).filter((name) => name !== 'lock')
    expect(runs).toHaveLength(3)
    for (const id of runs) expect(existsSync(join(folder, 'reports/runs', id, 'work'))).toBe(false)

    // AF-9 is the newest postback of bob now, so his purchase is no longer matched.
    await fromLog('--date 2026-03-10')
    const after = await json('reconciliation.json')
    expect(after.summary).toMatchObject({ matched: 1, af_only: 5, confirmed_only: 2 })
    expect((await json('arpdau_d1.json'))[0]).toMatchObject({ revenue_usd: 65.98, dau: 4 })
  })

  it('do not depend on the zone of files', async () => {
    await fromLog('--date 2026-03-10')
    const before = await reports()
    await fromLog('--date 2026-03-10 --input-zone Asia/Tokyo')
    expect(await reports()).toEqual(before)
  })

  it('are refused for an offset that the log has not reached', async () => {
    const { exit, errors } = await fromLog('--log-offset 999999')
    expect(exit).toBe(2)
    expect(errors).toMatch(/questline: the log has no offset 999999 yet: its newest is \d+\n$/)
  })
})
const aRoas = { date: '2026-03-10' }

describe.each(DATABASES)('a long log on $name', (database) => {
  let sales: LoggedSales
  beforeAll(async () => {
    sales = await loggedSales(database)
  })
  afterAll(() => sales.close())

  it('is read page by page to its end, nothing left out and nothing twice', async () => {
    const cents = Array.from({ length: 1_103 }, (_value, n) =>
      sales.postback(
        {
          ...{ appsflyer_id: `AF-${n}`, customer_user_id: `p${n}`, campaign: 'Spring' },
          ...{ event_time: '2026-03-10 12:00:00', event_revenue_usd: '0.01' },
        },
        n % 11 === 0 ? 'unsigned' : 'signed',
      ),
    )
    await Promise.all(cents)
    await sales.sessions(4_500, ['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'], '2026-03-10T01:00:00Z')
    await sales.event('session_start', 'last', '2026-03-10T02:00:00Z')
    const { exit } = await run('--source log --date 2026-03-10', { DATABASE_URL: sales.url })
    expect(exit).toBe(0)
    const { log_offset, inputs } = await json('run.json')
    // Of 1,103 postbacks 101 are unsigned.
    expect(log_offset).toBe(1_103 + 4_501)
    const rows = inputs.map(({ rows_in, kept }: Record<string, number>) => [rows_in, kept])
    expect(rows).toEqual([1_002, 0, 2, 4_501].map((count) => [count, count]))
    const [all] = await json('arpdau_d1.json')
    expect(all).toMatchObject({ revenue_usd: 10.02, dau: 8 })
  })
})

describe('the source', () => {
  const FILES = {
    'purchases_raw.csv':
      'appsflyer_id,event_name,event_time_utc,revenue_usd,campaign,receipt_id,status\n',
    'confirmed_purchases.csv': 'appsflyer_id,event_time_utc,revenue_usd,receipt_id\n',
    'sessions.csv': 'user_id,event_timestamp_utc\n',
  }
  const loadedBy = (errors: string): string[] =>
    JSON.parse(/^loaded (.*)$/m.exec(errors)?.[1] ?? '[]')

  it('is CSV files by default, and the books stay closed', async () => {
    for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text)
    const { exit, errors } = await run('--date 2026-03-10', { NODE_OPTIONS: TELL_MODULES })
    expect(exit).toBe(0)
    expect(loadedBy(errors).length).toBeGreaterThan(20)
    expect(loadedBy(errors).filter((url) => /\/(store|log|attribution)\//.test(url))).toEqual([])
    expect(existsSync(join(folder, 'app.db'))).toBe(false)
    expect(await json('run.json')).toMatchObject({ parameters: { source: 'csv' } })
    expect(await json('run.json')).not.toHaveProperty('log_offset')
  })

  it('is the log by setting, in books that are made when they are missing', async () => {
    const { exit } = await run('--date 2026-03-10', { REPORTS_SOURCE: 'log' })
    expect(exit).toBe(0)
    expect(existsSync(join(folder, 'app.db'))).toBe(true)
    expect(await json('run.json')).toMatchObject({ log_offset: 0, rows_in: 2 })
    const files = await run('--source csv', { REPORTS_SOURCE: 'log' })
    expect(files.exit).toBe(2)
    expect(files.errors).toContain('lacks purchases_raw.csv')
  })

  it('needs the costs before it opens the books or loads what computes', async () => {
    await rm(join(folder, 'costs_daily.csv'))
    const { exit, errors } = await run('--source log', { NODE_OPTIONS: TELL_MODULES })
    expect(exit).toBe(2)
    expect(errors).toContain(
      `questline: ${folder}/costs_daily.csv cannot be read: it does not exist\n`,
    )
    expect(loadedBy(errors).filter((url) => /\/reports\/(match|page)\//.test(url))).toEqual([])
    expect(existsSync(join(folder, 'app.db'))).toBe(false)
  })

  it('needs no secret in production', async () => {
    expect((await run('--source log', { ENVIRONMENT: 'production' })).exit).toBe(0)
  })

  it.each([
    ['--source kafka', {}, /argument 'kafka' is invalid. Allowed choices are csv, log/],
    ['--log-offset 5', {}, /^questline: there is no --log-offset without --source log$/m],
    ['--source log --log-offset -1', {}, /It is not an offset of the log such as 4711/],
    ['', { REPORTS_SOURCE: 'kafka' }, /REPORTS_SOURCE: "kafka" is not one of csv, log/],
    ['--source log', { DATABASE_URL: 'mysql://x' }, /DATABASE_URL: starts with neither/],
  ])('cannot be %s with %j', async (line, settings, message) => {
    const { exit, errors } = await run(line, settings)
    expect(exit).toBe(2)
    expect(errors).toMatch(message)
    expect(existsSync(join(folder, 'reports'))).toBe(false)
  })

  it('says in one line that the database is away', async () => {
    const url = 'postgres://nobody@127.0.0.1:9/none'
    const { exit, errors } = await run('--source log', { DATABASE_URL: url })
    expect(exit).toBe(1)
    expect(errors).toMatch(/^questline: the database: .*ECONNREFUSED.*$/m)
    expect(errors).not.toMatch(/^ +at /m)
  })
})
