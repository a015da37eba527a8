// A process that makes one run: it kills itself at the step that it is told, or says how the run ended.
// Arguments: the folder of the reports, the mark of the run, the step.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '../../packages/server/src/platform/platform.ts'
import {
  type Run,
  RunError,
  type RunParts,
  type RunSettings,
  startRun,
} from '../../packages/server/src/reports/runs/runs.ts'
import { plainCompute } from './plain-reports.ts'

export const someSettings = (out: string): RunSettings => ({
  source: 'csv',
  data: '/data',
  out,
  inputZone: 'UTC',
  memoryLimitMb: 100,
  threads: 1,
  keepDays: 90,
  version: 'test',
})

/** Begins a run in this process. */
export const begin = (
  out: string,
  parts: Partial<RunParts> = {},
  settings: Partial<RunSettings> = {},
): Promise<Run> =>
  startRun(
    { compute: plainCompute('x'), now: systemClock.now, random: systemRandom(), ...parts },
    { ...someSettings(out), ...settings },
    { stage: () => undefined, written: () => undefined },
  )

/** Makes a whole run in this process and returns its id. */
export async function makeRun(
  out: string,
  mark: string,
  parts: Partial<RunParts> = {},
  settings: Partial<RunSettings> = {},
): Promise<string> {
  const run = await begin(out, { compute: plainCompute(mark), ...parts }, settings)
  await run.done
  return run.id
}

export type Told = { readonly run?: string; readonly steps?: string[]; readonly kind?: string }
export type Ended = { readonly signal: string | null; readonly told: Told }

/** Makes a run in a process of its own. */
export async function runElsewhere(out: string, mark: string, step = ''): Promise<Ended> {
  const child = fork(import.meta.filename, [out, mark, step], { execArgv: [] })
  let told: Told = {}
  child.on('message', (message) => {
    told = message as Told
  })
  const [, signal] = await once(child, 'exit')
  return { signal, told }
}

export const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'questline-runs-'))

/** The marks of all files that `folder` shows, without run.json. */
export async function marksIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /^[a-z].*\.(csv|json|html)$/.test(name))
  const texts = await Promise.all(
    names.filter((name) => name !== 'run.json').map((name) => readFile(join(folder, name), 'utf8')),
  )
  return [...new Set(texts.map((text) => /\b(m\d+)\b/.exec(text)?.[1] ?? text))]
}

if (import.meta.main) {
  const [out = '', mark = '', step = ''] = process.argv.slice(2)
  const steps: string[] = []
  const reached = (name: string): void => {
    steps.push(name)
    if (name === step) process.kill(process.pid, 'SIGKILL')
  }
  try {
    const run = await makeRun(out, mark, { reached })
    process.send?.({ run, steps })
  } catch (error) {
    process.send?.({ kind: error instanceof RunError ? error.kind : String(error) })
  }
  process.disconnect?.()
}
