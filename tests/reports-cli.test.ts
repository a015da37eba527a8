// `questline reports` as a shell calls it. What computes is plain (tests/report-runs), the rest is real.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { showProgress } from '../packages/server/src/cli/reports-progress.ts'
import { marksIn } from './report-runs/one-run.ts'
import { PLAIN_QUESTLINE } from './report-runs/plain-questline.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'questline-reports-cli-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const [NODE, PROGRAM] = PLAIN_QUESTLINE

function start(line: string, settings = {}, nodeArguments: readonly string[] = []): ChildProcess {
  const words = ['reports', ...line.split(' ').filter(Boolean)]
  return spawn(NODE, [...nodeArguments, PROGRAM, ...words], {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function ended(child: ChildProcess) {
  const [output, errors, [exit]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'exit'),
  ])
  return { exit, output, errors }
}

const run = (line: string, settings = {}, nodeArguments: readonly string[] = []) =>
  ended(start(line, settings, nodeArguments))

/** Tells the runs in the default folder how to behave. */
async function tell(how: string): Promise<void> {
  await mkdir(join(folder, 'data'), { recursive: true })
  await writeFile(join(folder, 'data/how'), how)
}

const newestRecord = async (): Promise<Record<string, unknown>> => {
  const ids = (await readdir(join(folder, 'reports/runs'))).filter((name) => name !== 'lock').sort()
  const file = join(folder, 'reports/runs', ids.at(-1) ?? '', 'run.json')
  return JSON.parse(await readFile(file, 'utf8'))
}

/** Waits until a run has its folder and computes. */
async function begun(child: ChildProcess): Promise<void> {
  let seen = ''
  for await (const chunk of child.stderr ?? []) {
    seen += chunk
    if (seen.includes('reading')) return
  }
  throw new Error(`it never began: ${seen}`)
}

describe('questline reports run', () => {
  it('makes the reports beside DATA_DIR and says what became of every row', async () => {
    const { exit, output, errors } = await run('run --date 2026-02-28')
    expect({ exit, output }).toEqual({
      exit: 0,
      output: expect.stringMatching(
        new RegExp(
          `^${[
            'D-1 is 2026-02-28, as asked',
            'purchases_raw\\.csv: 10 rows in, 4 kept, 2 duplicates, 3 filtered \\(not-success 3\\), 1 rejected \\(empty-user-id 1\\)',
            'reconciliation: 2 matched, 1 af_only, 1 confirmed_only',
            'anomalies: 1 critical, 0 warning',
            'costs_daily\\.csv: 1 day and campaign stood there twice and was summed',
            'reports in reports, run \\d{8}T\\d{9}Z-[0-9a-f]{8}, \\d+\\.\\d s\\n',
          ].join('\\n')}$`,
        ),
      ),
    })
    for (const line of errors.trimEnd().split('\n')) expect(line).toMatch(/^ +\d+\.\d s {2}\w/)
    expect(errors).toContain('writing roas_d1.json')
    expect(await readdir(join(folder, 'reports'))).toContain('report.html')
  })

  it('prints run.json and nothing else with --json', async () => {
    const { exit, output } = await run('run --json')
    expect(exit).toBe(0)
    expect(JSON.parse(output)).toEqual(
      JSON.parse(await readFile(join(folder, 'reports/run.json'), 'utf8')),
    )
  })

  it('takes folders, day, zone and settings', async () => {
    const settings = {
      BAD_RECEIPT_PATTERN: '^FAKE',
      REPORTS_MEMORY_MB: '256',
      REPORTS_THREADS: '3',
    }
    const line = 'run --data in --out out --date 2026-01-31 --input-zone Asia/Tokyo --json'
    const { parameters } = JSON.parse((await run(line, settings)).output)
    expect(parameters).toEqual({
      source: 'csv',
      data: join(folder, 'in'),
      date: '2026-01-31',
      input_zone: 'Asia/Tokyo',
      bad_receipt_pattern: '^FAKE',
      memory_limit_mb: 256,
      threads: 3,
    })
    expect(await readdir(join(folder, 'out'))).toContain('run.json')
  })

  it('takes the time from --now, which no help shows', async () => {
    const { output } = await run('run --now 2025-05-05T01:02:03Z --json')
    expect(JSON.parse(output)).toMatchObject({
      run: expect.stringMatching(/^20250505T010203000Z-/),
      started_at: '2025-05-05T01:02:03.000Z',
    })
    // Its computation was told the same: the mark of its files.
    const roas = await readFile(join(folder, 'reports/roas_d1.json'), 'utf8')
    expect(roas).toContain(`"mark":"${Date.parse('2025-05-05T01:02:03Z')}"`)
    expect((await run('run --help')).output).not.toContain('--now')
  })

  it('needs no secret, even where production would', async () => {
    expect((await run('run', { ENVIRONMENT: 'production' })).exit).toBe(0)
  })

  it('loads neither a server nor a database nor a logger', async () => {
    const preload = ['--import', join(import.meta.dirname, 'report-runs/tell-modules.ts')]
    const { exit, errors } = await run('run', {}, preload)
    expect(exit).toBe(0)
    const loaded: string[] = JSON.parse(/^loaded (.*)$/m.exec(errors)?.[1] ?? '[]')
    expect(loaded.length).toBeGreaterThan(20)
    const heavy = /\/(fastify|pg|typebox|pino|prom-client|ajv|contracts)\/|\/(http|store)\//
    expect(loaded.filter((url) => heavy.test(url))).toEqual([])
  })

  const failures = [
    ['missing', 2, /^questline: .*\/data\/purchases_raw\.csv is missing$/],
    ['unbalanced', 1, /^questline: the balance of rows does not hold: purchases_raw\.csv: .*$/],
    ['bug', 1, /^questline: this is a bug: undefined is not a campaign$/],
  ] as const
  it.each(failures)('ends with one line and no stack when it is %s', async (how, exit, line) => {
    await tell(how)
    const failed = await run('run --json')
    expect(failed).toMatchObject({ exit, output: '' })
    const lines = failed.errors.trimEnd().split('\n')
    expect(lines.at(-1)).toMatch(line)
    expect(lines.filter((each) => /^questline:|\bat .*:\d+/.test(each))).toHaveLength(1)
    expect(await newestRecord()).toMatchObject({ status: 'failed' })
  })

  const wrong = [
    ['--date 2026-02-30', /'2026-02-30' is invalid\. It is not a day/],
    ['--date yesterday', /It is not a day/],
    ['--input-zone Mars', /It is not a zone such as UTC/],
    ['--input-zone +2', /It is not a zone/],
    ['--now noon', /It is not an instant/],
    ['--fast', /unknown option '--fast'/],
  ] as const
  it.each(wrong)('is called wrongly with %s', async (options, line) => {
    const { exit, output, errors } = await run(`run ${options}`)
    expect({ exit, output }).toEqual({ exit: 2, output: '' })
    expect(errors).toMatch(line)
    expect(await readdir(folder)).toEqual([])
  })

  it.each([
    [{ REPORTS_THREADS: '0' }, 'REPORTS_THREADS'],
    [{ BAD_RECEIPT_PATTERN: '(' }, 'BAD_RECEIPT_PATTERN'],
    [{ BAD_RECEIPT_PATTERN: 'TEST\\-' }, 'BAD_RECEIPT_PATTERN'],
    [{ REPORTS_INPUT_ZONE: 'Mars' }, 'REPORTS_INPUT_ZONE'],
    [{ RUNS_KEEP_DAYS: 'x' }, 'RUNS_KEEP_DAYS'],
  ])('refuses the setting %o', async (settings, name) => {
    const { exit, errors } = await run('run', settings)
    expect(exit).toBe(2)
    expect(errors).toContain(name)
  })

  it('cannot write to a folder that is a file, and says so', async () => {
    await writeFile(join(folder, 'file'), '')
    const { exit, errors } = await run('run --out file')
    expect(exit).toBe(2)
    expect(errors).toMatch(/^questline: cannot write reports to .*file: /m)
  })

  it('waits for nobody: a second run at once is refused', async () => {
    await tell('endless')
    const first = start('run')
    await begun(first)
    const second = await run('run')
    expect(second.exit).toBe(1)
    expect(second.errors).toMatch(/^questline: another run is in progress in .*reports/m)
    first.kill('SIGKILL')
    await once(first, 'exit')
    await tell('plain')
    expect((await run('run')).exit).toBe(0)
  })

  const signals = [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const
  it.each(signals)('is stopped by %s, leaves no scratch and says so', async (signal, exit) => {
    expect((await run('run')).exit).toBe(0)
    const before = await marksIn(join(folder, 'reports'))
    await tell('endless')
    const child = start('run')
    await begun(child)
    child.kill(signal)
    const [code] = await once(child, 'exit')
    expect(code).toBe(exit)
    const record = await newestRecord()
    expect(record).toMatchObject({ status: 'failed', error: 'interrupted' })
    expect(await readdir(join(folder, 'reports/runs', String(record['run'])))).toEqual(['run.json'])
    expect(await marksIn(join(folder, 'reports'))).toEqual(before)
  })

  it('ends with the server that started it', async () => {
    await tell('endless')
    const child = spawn(NODE, [PROGRAM, 'reports', 'run'], {
      cwd: folder,
      env: { PATH: '' },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    await once(child, 'message')
    child.disconnect()
    const [code] = await once(child, 'exit')
    expect(code).toBe(143)
    expect(await newestRecord()).toMatchObject({ status: 'failed' })
  })
})

describe('questline reports list', () => {
  it('says how to make one while there is none', async () => {
    expect(await run('list')).toEqual({
      exit: 0,
      output: 'there are no runs: questline reports run makes one\n',
      errors: '',
    })
    expect(JSON.parse((await run('list --json')).output)).toEqual({ runs: [] })
  })

  it('lists runs newest first, with why some failed', async () => {
    await run('run')
    await tell('missing')
    await run('run')
    await tell('dying')
    await run('run')
    const { runs } = JSON.parse((await run('list --json')).output)
    expect(runs.map(({ status }: { status: string }) => status)).toEqual([
      ...['failed', 'failed', 'finished'],
    ])
    expect(runs[2]).toEqual({
      run: expect.stringMatching(/Z-/),
      started_at: expect.stringMatching(/Z$/),
      finished_at: expect.stringMatching(/Z$/),
      status: 'finished',
      date: '2026-02-28',
      rows_in: 10,
      rejected: 1,
    })
    const { output } = await run('list')
    expect(output).toMatch(/^RUN +STATUS +STARTED +D-1 +ROWS +REJECTED +ERROR\n/)
    expect(output).toMatch(/failed .* interrupted\n/)
    expect(output).toMatch(/purchases_raw\.csv is missing\n/)
  })

  it('shows a run that is in progress as running', async () => {
    await tell('endless')
    const child = start('run')
    await begun(child)
    const { runs } = JSON.parse((await run('list --json')).output)
    expect(runs[0]).toMatchObject({ status: 'running', finished_at: null, date: null })
    child.kill('SIGKILL')
    await once(child, 'exit')
    const { runs: after } = JSON.parse((await run('list --json')).output)
    expect(after[0]).toMatchObject({ status: 'failed' })
  })
})

describe('the progress bar', () => {
  it('is drawn in one line of a terminal and taken away', async () => {
    const written: string[] = []
    const screen = { isTTY: true, columns: 60, write: (text: string) => written.push(text) }
    let ms = 0
    const progress = showProgress(screen, () => ms)
    ms = 1_234
    progress.stage('matching purchases', 0.5)
    expect(written.at(-1)).toBe(
      `\r\x1b[2K${'█'.repeat(12)}${'░'.repeat(12)}  50 %  matching purchases  1.2 s`,
    )
    await sleep(250)
    expect(written.length).toBeGreaterThan(3)
    progress.end()
    expect(written.at(-1)).toBe('\r\x1b[2K')
    expect(written.every((each) => !each.includes('\n') && each.length < 66)).toBe(true)
  })
})
