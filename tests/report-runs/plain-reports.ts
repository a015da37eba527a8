// A computation of reports that computes nothing: small files whose text tells which run they are of,
// for tests of all that surrounds the real one. It can be told to fail, to be slow or to hang.
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Compute,
  type ComputeRequest,
  RunError,
  type RunSummary,
} from '../../packages/server/src/reports/runs/runs.ts'

const D1 = '2026-02-28'

/** What each file says: `mark` is the same in all files of one run. */
export const plainFiles = (mark: string, date = D1): Readonly<Record<string, string>> => ({
  'purchases_curated.csv': `appsflyer_id,mark\r\n1,${mark}\r\n`,
  'reconciliation.json': `{"summary":{"matched":2},"details":[\n{"type":"matched","appsflyer_id":"=1","seconds_apart":-5,"flags":["a","b"],"mark":"${mark}"},\n{"type":"af_only","appsflyer_id":"say \\"},{\\"","seconds_apart":null,"flags":[],"mark":"${mark}"}\n]}\n`,
  'roas_d1.json': `[{"date":"${date}","campaign":"A, \\"B\\"","roas":1.25,"mark":"${mark}"},{"date":"${date}","campaign":"(NONE)","roas":null,"mark":"${mark}"}]\n`,
  'roas_anomaly.json': `[{"date":"${date}","mark":"${mark}"}]\n`,
  'arpdau_d1.json': `[{"date":"${date}","mark":"${mark}"}]\n`,
  'rejected_rows.csv': `file,line,reason,raw\r\npurchases_raw.csv,7,empty-user-id,${mark}\r\n`,
  'report.html': `<!doctype html><title>${mark}</title>\n`,
})

export const plainSummary = (date = D1): RunSummary => ({
  inputs: [
    {
      file: 'purchases_raw.csv',
      sha256: createHash('sha256').update('').digest('hex'),
      bytes: 0,
      rows_in: 10,
      kept: 4,
      duplicates: 2,
      filtered: { 'not-success': 3 },
      rejected: { 'empty-user-id': 1 },
    },
  ],
  d1: { date, reason: 'asked' },
  reconciliation: { matched: 2, af_only: 1, confirmed_only: 1 },
  anomalies: { critical: 1, warning: 0 },
  notes: ['costs_daily.csv: 1 day and campaign stood there twice and was summed'],
  durations_ms: { read: 1, write: 2 },
})

/** Writes the files of a run with this mark. */
export const plainCompute =
  (mark: string): Compute =>
  async (request, progress) => {
    for (const [name, text] of Object.entries(plainFiles(mark, request.date))) {
      progress.stage(`writing ${name}`, 0.5)
      await writeFile(join(request.target, name), text)
      progress.written(name)
    }
    await writeFile(join(request.scratch, 'spilled'), 'x')
    progress.stage('done', 1)
    return plainSummary(request.date)
  }

/** What the file `how` in the data folder asks for, as `slow`; a plain run where there is none. */
export const toldCompute: Compute = async (request, progress) => {
  const how = await readFile(join(request.data, 'how'), 'utf8').catch(() => '')
  const compute = HOW[how] ?? plainCompute(String(request.now))
  return compute(request, progress)
}

const HOW: Readonly<Record<string, Compute>> = {
  slow: async (request, progress) => {
    progress.stage('reading slowly', 0.1)
    await sleep(1_500)
    return plainCompute('slow')(request, progress)
  },
  endless: async ({ scratch }, progress) => {
    progress.stage('reading for ever', 0.1)
    await writeFile(join(scratch, 'spilled'), 'x')
    return new Promise(() => setInterval(() => undefined, 1_000))
  },
  deaf: async () => {
    // Takes no signal and no message.
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
  },
  missing: async ({ data }: ComputeRequest) => {
    throw new RunError('input', `${data}/purchases_raw.csv is missing`)
  },
  unbalanced: async (request, progress) => {
    const summary = await plainCompute('unbalanced')(request, progress)
    return { ...summary, inputs: summary.inputs.map((input) => ({ ...input, kept: 5 })) }
  },
  bug: async () => {
    throw new TypeError('undefined is\n  not a campaign')
  },
  dying: async () => {
    process.kill(process.pid, 'SIGKILL')
    return new Promise(() => undefined)
  },
}
