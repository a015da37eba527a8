import { createHash } from 'node:crypto'
import { chmod, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  listRuns,
  newestGoodRun,
  openReport,
  RunError,
} from '../../packages/server/src/reports/runs/runs.ts'
import { begin, makeRun, marksIn, newFolder, runElsewhere } from './one-run.ts'
import { plainCompute, plainFiles, plainSummary } from './plain-reports.ts'

let out = ''
beforeEach(async () => {
  out = await newFolder()
})
afterEach(() => rm(out, { recursive: true, force: true }))

const json = async (...path: string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(out, ...path), 'utf8'))
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const never = (): Promise<never> => new Promise(() => undefined)
const DAY_MS = 86_400_000

describe('a run', () => {
  it('leaves its files in its own folder and beside it, with their hashes in run.json', async () => {
    const run = await makeRun(out, 'm1')
    const files = plainFiles('m1')
    for (const folder of [out, join(out, 'runs', run)]) {
      for (const [name, text] of Object.entries(files)) {
        expect(await readFile(join(folder, name), 'utf8')).toBe(text)
      }
    }
    const { outputs, ...record } = await json('run.json')
    expect(await json('runs', run, 'run.json')).toEqual({ ...record, outputs })
    expect(outputs).toEqual(
      Object.fromEntries(
        Object.entries(files).map(([name, text]) => [
          name,
          { sha256: sha256(text), bytes: Buffer.byteLength(text) },
        ]),
      ),
    )
    expect(record).toMatchObject({ run, status: 'finished', date: '2026-02-28', rows_in: 10 })
    expect(await readdir(join(out, 'runs', run))).toEqual(
      [...Object.keys(files), 'run.json'].sort(),
    )
  })

  it('has an id that sorts behind all others, even where the clock went back', async () => {
    const first = await makeRun(out, 'm1', { now: () => Date.parse('2026-03-01T00:30:00.5Z') })
    expect(first).toMatch(/^20260301T003000500Z-[0-9a-f]{8}$/)
    const second = await makeRun(out, 'm2', { now: () => Date.parse('2026-02-01T00:00:00Z') })
    expect(second > first).toBe(true)
    expect((await newestGoodRun(out))?.run).toBe(second)
    expect(await marksIn(out)).toEqual(['m2'])
  })

  it('is the only one that works on its folder, over processes too', async () => {
    const running = await begin(out, { compute: never })
    await expect(begin(out)).rejects.toMatchObject({ kind: 'busy' })
    expect((await runElsewhere(out, 'm2')).told).toEqual({ kind: 'busy' })
    await running.interrupt()
    expect((await runElsewhere(out, 'm3')).told.run).toBeTypeOf('string')
  })

  it('is not kept from its start by somebody who lists the runs', async () => {
    const dead = await runElsewhere(out, 'm1', 'recorded')
    expect(dead.signal).toBe('SIGKILL')
    const listing = Promise.all(Array.from({ length: 50 }, () => listRuns(out)))
    await makeRun(out, 'm2')
    await listing
    expect(await marksIn(out)).toEqual(['m2'])
  })

  it('removes from the reports what the run before had and this one has not', async () => {
    await makeRun(out, 'm1', {
      async compute(request, progress) {
        await writeFile(join(request.target, 'old.json'), '"m1"')
        return plainCompute('m1')(request, progress)
      },
    })
    expect(await readdir(out)).toContain('old.json')
    await writeFile(join(out, 'notes.json'), 'mine, m2')
    await makeRun(out, 'm2')
    expect(await readdir(out)).not.toContain('old.json')
    expect(await readdir(out)).toContain('notes.json')
  })

  it('makes its files read-only, since they are shared with the run', async () => {
    const run = await makeRun(out, 'm1')
    const { mode, ino } = await stat(join(out, 'roas_d1.json'))
    expect(mode & 0o777).toBe(0o444)
    expect((await stat(join(out, 'runs', run, 'roas_d1.json'))).ino).toBe(ino)
  })
})

describe('a run that fails', () => {
  const failing = [
    ['an input', new RunError('input', 'purchases_raw.csv is missing'), 'input', 'purchases_raw'],
    ['a bug', new TypeError('no\n  such'), 'fault', 'this is a bug: no such'],
  ] as const
  it.each(failing)('by %s says why and changes no report', async (_name, error, kind, text) => {
    await makeRun(out, 'm1')
    const run = await begin(out, { compute: () => Promise.reject(error) })
    await expect(run.done).rejects.toMatchObject({ kind, message: expect.stringContaining(text) })
    expect(await marksIn(out)).toEqual(['m1'])
    const [record] = await listRuns(out)
    expect(record).toMatchObject({ run: run.id, status: 'failed', date: null, outputs: {} })
    expect(record?.error).toContain(text)
    const left = await readdir(join(out, 'runs', run.id))
    expect(left).toEqual(kind === 'fault' ? ['error.txt', 'run.json'] : ['run.json'])
  })

  it('because rows are missing is our own fault', async () => {
    const summary = plainSummary()
    const inputs = summary.inputs.map((input) => ({ ...input, kept: 5 }))
    const run = await begin(out, {
      async compute(request, progress) {
        await plainCompute('m1')(request, progress)
        return { ...summary, inputs }
      },
    })
    await expect(run.done).rejects.toMatchObject({
      kind: 'fault',
      message: 'the balance of rows does not hold: purchases_raw.csv: 10 rows in, 11 accounted for',
    })
    expect(await newestGoodRun(out)).toBeUndefined()
  })

  it('because somebody stopped it leaves no scratch and lets the next one begin', async () => {
    const run = await begin(out, {
      async compute({ scratch, target }) {
        await writeFile(join(scratch, 'spilled'), 'x')
        await writeFile(join(target, 'roas_d1.json'), 'half')
        return never()
      },
    })
    await run.interrupt('it took too long')
    await expect(run.done).rejects.toMatchObject({ kind: 'interrupted' })
    expect((await listRuns(out))[0]).toMatchObject({ status: 'failed', error: 'it took too long' })
    expect(await readdir(join(out, 'runs', run.id))).toEqual(['run.json'])
    await makeRun(out, 'm2')
  })

  it.each(['computed', 'sealed', 'moved'])(
    'because it was stopped when it was %s is not finished afterwards',
    async (step) => {
      let stop: (() => Promise<void>) | undefined
      const run = await begin(out, {
        reached: (name) => void (name === step && stop?.()),
      })
      stop = () => run.interrupt()
      await expect(run.done).rejects.toMatchObject({ kind: 'interrupted' })
      expect((await listRuns(out))[0]).toMatchObject({ status: 'failed', error: 'interrupted' })
      expect(await readdir(join(out, 'runs', run.id))).toEqual(['run.json'])
    },
  )

  it('because its folder cannot be made says so', async () => {
    await writeFile(join(out, 'file'), '')
    await expect(begin(join(out, 'file'))).rejects.toMatchObject({
      kind: 'input',
      message: expect.stringContaining('cannot write reports to'),
    })
  })
})

describe('what can be read', () => {
  it('is nothing before the first run', async () => {
    expect(await newestGoodRun(join(out, 'none'))).toBeUndefined()
    expect(await listRuns(join(out, 'none'))).toEqual([])
    expect(await openReport(out, 'roas_d1.json')).toBeUndefined()
  })

  it('is the newest good run, or that of the D-1 that is asked for', async () => {
    const first = await makeRun(out, 'm1', {}, { date: '2026-01-01' })
    const second = await makeRun(out, 'm2', {}, { date: '2026-01-02' })
    const again = await makeRun(out, 'm3', {}, { date: '2026-01-01' })
    const failed = await begin(out, { compute: () => Promise.reject(new RunError('input', 'x')) })
    await failed.done.catch(() => undefined)
    expect((await newestGoodRun(out))?.run).toBe(again)
    expect((await newestGoodRun(out, '2026-01-02'))?.run).toBe(second)
    expect(await newestGoodRun(out, '2026-01-03')).toBeUndefined()
    expect((await listRuns(out)).map(({ run }) => run)).toEqual([failed.id, again, second, first])
    const report = await openReport(out, 'roas_d1.json', '2026-01-02')
    const text = plainFiles('m2', '2026-01-02')['roas_d1.json'] ?? ''
    expect(report).toMatchObject({ sha256: sha256(text), bytes: Buffer.byteLength(text) })
    expect(await readFile(report?.file ?? '', 'utf8')).toBe(text)
    expect(await openReport(out, '../run.json')).toBeUndefined()
    expect(await openReport(out, 'toString')).toBeUndefined()
  })

  it('is not a run whose files somebody changed, cut or removed', async () => {
    await makeRun(out, 'm1')
    const changes: readonly ((file: string) => Promise<void>)[] = [
      (file) => rm(file),
      (file) => writeFile(file, 'cut'),
      async (file) => {
        const text = await readFile(file, 'utf8')
        await writeFile(file, text.replace('1.25', '9.99'))
        const later = new Date(Date.now() + 10_000)
        await utimes(file, later, later)
      },
    ]
    for (const change of changes) {
      const run = await makeRun(out, 'm2')
      const file = join(out, 'runs', run, 'roas_d1.json')
      await chmod(file, 0o644)
      await change(file)
      expect((await newestGoodRun(out))?.run).not.toBe(run)
    }
  })
})

describe('the reports beside the runs', () => {
  const damages: readonly (readonly [string, (file: string) => Promise<void>])[] = [
    ['lost', (file) => rm(file)],
    [
      'replaced by another of the same length',
      async (file) => {
        const text = await readFile(file, 'utf8')
        await rm(file)
        await writeFile(file, text.replace('m1', 'mX'))
      },
    ],
  ]
  it.each(damages)('come back at the next start when one was %s', async (_name, damage) => {
    await makeRun(out, 'm1')
    await damage(join(out, 'roas_d1.json'))
    // One that changes nothing itself.
    const run = await begin(out, { compute: () => Promise.reject(new RunError('input', 'x')) })
    await run.done.catch(() => undefined)
    expect(await readFile(join(out, 'roas_d1.json'), 'utf8')).toBe(plainFiles('m1')['roas_d1.json'])
    expect(await marksIn(out)).toEqual(['m1'])
  })
})

describe('old runs', () => {
  const at = (day: number) => ({ now: () => Date.parse('2026-01-01T00:00:00Z') + day * DAY_MS })
  it('are removed after the days that they are kept', async () => {
    await makeRun(out, 'm1', at(0))
    const second = await makeRun(out, 'm2', at(80))
    const third = await makeRun(out, 'm3', at(91))
    expect((await listRuns(out)).map(({ run }) => run)).toEqual([third, second])
    expect((await readdir(join(out, 'runs'))).sort()).toEqual([second, third, 'lock'])
  })

  it('stay while they are the newest good one', async () => {
    const good = await makeRun(out, 'm1', at(0))
    const fail = async (day: number): Promise<string> => {
      const compute = () => Promise.reject(new RunError('input', 'x'))
      const run = await begin(out, { compute, ...at(day) }, { keepDays: 1 })
      await run.done.catch(() => undefined)
      return run.id
    }
    await fail(300)
    await makeRun(out, 'm2', at(400), { keepDays: 1 })
    expect((await listRuns(out)).map(({ run }) => run)).not.toContain(good)
    const newest = (await newestGoodRun(out))?.run
    const failed = await fail(800)
    expect((await listRuns(out)).map(({ run }) => run)).toEqual([failed, newest])
  })
})
