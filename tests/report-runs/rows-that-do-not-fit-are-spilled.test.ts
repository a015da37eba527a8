// Runs whose rows do not fit into REPORTS_MEMORY_MB: they end with the bytes of one that has memory for all,
// and leave nothing behind where they are killed or the disk is full. The large ones are processes of
// their own, as a shell starts them.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, symlinkSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createCompute } from '../../packages/server/src/reports/reports.ts'
import {
  type Compute,
  listRuns,
  type Run,
  RunError,
} from '../../packages/server/src/reports/runs/runs.ts'
import { aConfirmation, aPurchase, inputFiles } from '../reports/input-builders.ts'
import { begin, newFolder } from './one-run.ts'

const CLI = join(import.meta.dirname, '../../packages/server/src/cli.ts')
/** The least that may be set. In memory the rows below take some 300. */
const LIMIT_MB = 192
const PURCHASES = 600_000
const DAY = '2026-03-10'

let root = ''
beforeAll(async () => {
  root = await newFolder()
  await writeInput(join(root, 'data'))
}, 120_000)
afterAll(() => rm(root, { recursive: true, force: true }))

/** Rows of every fate, in no order of time; players come again, and so do some receipts. */
async function writeInput(data: string): Promise<void> {
  await mkdir(data, { recursive: true })
  const time = (n: number): string =>
    new Date(Date.parse(DAY) + ((n * 7_919) % 86_400) * 1_000).toISOString()
  const purchase = (n: number): string => {
    const status = n % 97 === 0 ? 'chargeback' : n % 89 === 0 ? 'failed' : 'success'
    const receipt = n % 3 === 0 ? '' : `R${n % 1_000 === 1 ? 1 : n - (n % 97 === 0 ? 1 : 0)}`
    const player = n % 13 === 0 ? ` P${n % 50_000} ` : `P${(n * 31) % 200_000}`
    return `${player},purchase,${time(n)},${(n % 500) / 100},Campaign ${n % 7},${receipt},${status}`
  }
  const confirmation = (n: number): string =>
    `P${(n * 31) % 200_000},${time(n + (n % 5))},${(n % 500) / 100},${n % 2 === 0 ? '' : `R${n}`}`
  const many = Array.from({ length: PURCHASES }, (_value, n) => n)
  await write(
    join(data, 'purchases_raw.csv'),
    'appsflyer_id,event_name,event_time_utc,revenue_usd,campaign,receipt_id,status',
    many,
    purchase,
  )
  await write(
    join(data, 'confirmed_purchases.csv'),
    'appsflyer_id,event_time_utc,revenue_usd,receipt_id',
    many,
    confirmation,
  )
  await writeFile(join(data, 'costs_daily.csv'), `date,campaign,ad_cost_usd\n${DAY},Campaign 1,5\n`)
  const users = many.slice(0, 1_000).map((n) => `U${n % 300},${DAY}\n`)
  await writeFile(join(data, 'sessions.csv'), `user_id,date\n${users.join('')}`)
}

async function write(
  path: string,
  header: string,
  many: readonly number[],
  row: (n: number) => string,
): Promise<void> {
  const file = createWriteStream(path)
  file.write(`${header}\n`)
  for (let from = 0; from < many.length; from += 10_000) {
    file.write(
      `${many
        .slice(from, from + 10_000)
        .map(row)
        .join('\n')}\n`,
    )
  }
  file.end()
  await once(file, 'finish')
}

function startRun(out: string, memoryMb: number): ChildProcess {
  const words = ['reports', 'run', '--data', join(root, 'data'), '--out', out, '--date', DAY]
  const settings = { PATH: '/usr/bin:/bin', REPORTS_MEMORY_MB: String(memoryMb) }
  const flags = ['--disable-proto=delete', '--max-semi-space-size=8']
  return spawn(process.execPath, [...flags, CLI, ...words, '--json'], {
    ...{ cwd: root, env: settings, stdio: ['ignore', 'pipe', 'pipe'] },
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

it('a run with less memory than its rows need writes the same bytes', async () => {
  const [small, large] = ['small', 'large'].map((name) => join(root, name))
  const runs = [
    await ended(startRun(String(small), LIMIT_MB)),
    await ended(startRun(String(large), 4_096)),
  ]
  expect(runs.map(({ exit, errors }) => [exit, errors.includes('questline:')])).toEqual([
    [0, false],
    [0, false],
  ])
  const [spilled, kept] = runs.map(({ output }) => JSON.parse(output))
  expect(spilled.outputs).toEqual(kept.outputs)
  expect(spilled.inputs).toEqual(kept.inputs)
  // Only what stays in memory has its players numbered all at once.
  expect(Object.keys(spilled.durations_ms)).not.toContain('numbering players')
  expect(Object.keys(kept.durations_ms)).toContain('numbering players')
}, 240_000)

it('a run that is killed while it spills leaves no file behind, and the next one succeeds', async () => {
  const out = join(root, 'killed')
  const child = startRun(out, LIMIT_MB)
  for await (const chunk of child.stderr ?? []) {
    if (String(chunk).includes('matching')) break
  }
  const [run] = await readdir(join(out, 'runs')).then((names) => names.filter((n) => n !== 'lock'))
  const scratch = join(out, 'runs', String(run), 'work/scratch')
  await sleep(100)
  expect(await readdir(scratch)).toEqual([])
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect((await listRuns(out)).map(({ status }) => status)).toEqual(['failed'])

  const { exit } = await ended(startRun(out, LIMIT_MB))
  expect(exit).toBe(0)
  const left = await readdir(join(out, 'runs'), { recursive: true })
  expect(left.filter((name) => /work|scratch/.test(name))).toEqual([])
  expect((await listRuns(out)).map(({ status }) => status)).toEqual(['finished', 'failed'])
}, 240_000)

/**
 * A run of two rows in this process, which are spilled into three parts.
 * @param full the file for which the disk has no room
 */
async function spillTwoRows(out: string, full?: string): Promise<Run> {
  const data = join(root, 'two-rows')
  const files = inputFiles({ purchases: [aPurchase({})], confirmations: [aConfirmation({})] })
  await mkdir(data, { recursive: true })
  await writeFile(join(data, 'purchases_raw.csv'), files.purchases)
  await writeFile(join(data, 'confirmed_purchases.csv'), files.confirmations)
  await writeFile(join(data, 'costs_daily.csv'), files.costs)
  await writeFile(join(data, 'sessions.csv'), files.sessions)
  const own = createCompute({ monotonic: () => 0, memory: () => 0, spilledParts: 3 })
  const compute: Compute = (request, progress) => {
    if (full !== undefined) symlinkSync('/dev/full', join(request.scratch, full))
    return own(request, progress)
  }
  return begin(out, { compute }, { data, memoryLimitMb: LIMIT_MB })
}

it.each(['purchases', 'confirmations', 'outcomes'])(
  'a disk that is full when %s are spilled ends the run in one line; the run before stays readable',
  async (name) => {
    const out = join(root, `full-${name}`)
    const first = await (await spillTwoRows(out)).done
    const before = await readFile(join(out, 'reconciliation.json'), 'utf8')
    const run = await spillTwoRows(out, name)
    const failure = await run.done.catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RunError)
    expect(String(failure)).toMatch(/cannot be spilled .*ENOSPC[^\n]*REPORTS_MEMORY_MB higher$/)
    expect((await readdir(join(out, 'runs', run.id))).sort()).toEqual(['error.txt', 'run.json'])
    expect(await readFile(join(out, 'reconciliation.json'), 'utf8')).toBe(before)
    expect(JSON.parse(await readFile(join(out, 'run.json'), 'utf8')).run).toBe(first.run)
  },
)
