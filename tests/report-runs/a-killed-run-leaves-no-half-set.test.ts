// SIGKILL at each step of a run, in a process of its own. Whatever the step: what can be read before
// the next start is one whole run, and after it the files beside the runs are one whole run again.
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  listRuns,
  newestGoodRun,
  openReport,
  RunError,
} from '../../packages/server/src/reports/runs/runs.ts'
import { begin, makeRun, marksIn, newFolder, runElsewhere } from './one-run.ts'
import { plainFiles } from './plain-reports.ts'

let out = ''
beforeEach(async () => {
  out = await newFolder()
})
afterEach(() => rm(out, { recursive: true, force: true }))

const PUBLISHED = [...Object.keys(plainFiles('')).sort(), 'run.json'].map(
  (name) => `published ${name}`,
)
const BEFORE = ['claimed', 'settled', 'repaired', 'folder made', 'recorded', 'computed']
const STEPS = [...BEFORE, 'sealed', 'moved', 'finished', ...PUBLISHED, 'pruned']

/** The mark that all readable files agree on. */
async function readableMark(): Promise<string | undefined> {
  const run = await newestGoodRun(out)
  if (!run) return undefined
  const reports = await Promise.all(
    Object.keys(plainFiles('')).map((name) => openReport(out, name)),
  )
  expect(reports.map((report) => report?.run.run)).toEqual(reports.map(() => run.run))
  const [mark, ...others] = await marksIn(join(out, 'runs', run.run))
  expect(others).toEqual([])
  return mark
}

it('has these steps', async () => {
  expect((await runElsewhere(out, 'm1')).told.steps).toEqual(STEPS)
})

describe.each(STEPS)('killed when %s', (step) => {
  it('leaves the run before or the new one, whole', async () => {
    const first = await makeRun(out, 'm1')
    expect((await runElsewhere(out, 'm2', step)).signal).toBe('SIGKILL')
    const isNew = STEPS.indexOf(step) >= STEPS.indexOf('finished')
    expect(await readableMark()).toBe(isNew ? 'm2' : 'm1')

    const [newest] = await listRuns(out)
    const isRecorded = STEPS.indexOf(step) >= STEPS.indexOf('recorded')
    if (!isRecorded) expect(newest?.run).toBe(first)
    else if (isNew) expect(newest?.status).toBe('finished')
    else expect(newest).toMatchObject({ status: 'failed', error: 'interrupted' })

    // The next start, of a run that has no reports itself, repairs what it finds.
    const next = await begin(out, { compute: () => Promise.reject(new RunError('input', 'x')) })
    await next.done.catch(() => undefined)
    expect(await marksIn(out)).toEqual([isNew ? 'm2' : 'm1'])
    expect(await readableMark()).toBe(isNew ? 'm2' : 'm1')
    expect((await listRuns(out)).filter(({ status }) => status === 'running')).toEqual([])
    const beside = (await readdir(out)).filter((name) => name.startsWith('.'))
    const within = (await readdir(join(out, 'runs'), { recursive: true })).filter((name) =>
      /work|\.new|gone|publishing/.test(name),
    )
    expect([...beside, ...within]).toEqual([])
  })
})

it('killed in its first run ever leaves nothing to read, and the next one succeeds', async () => {
  for (const step of BEFORE) {
    await runElsewhere(out, 'm1', step)
    expect(await readableMark()).toBeUndefined()
  }
  await makeRun(out, 'm2')
  expect(await readableMark()).toBe('m2')
  expect(await marksIn(out)).toEqual(['m2'])
})

it('a mixed set between two steps is under the run.json of the run before', async () => {
  const first = await makeRun(out, 'm1')
  await runElsewhere(out, 'm2', PUBLISHED[2])
  expect((await marksIn(out)).sort()).toEqual(['m1', 'm2'])
  expect(JSON.parse(await readFile(join(out, 'run.json'), 'utf8')).run).toBe(first)
})
