import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { GoodRun } from '../../packages/server/src/reports/reports.ts'
import { START_COMMAND } from '../../tests/start-command.ts'
import type { GeneratedFiles } from './generated-files.ts'
import { type Command, timeProcess } from './timed-process.ts'

/** A program that makes the reports of a folder of files. */
export type Program = {
  readonly name: string
  /** Its libraries with their versions. */
  readonly versions: string
  /** Runs it in a process of its own, and holds what it counted against the truth of the files. */
  run(files: GeneratedFiles, out: string): Promise<Measured>
}

export type Measured = {
  readonly seconds: number
  readonly cpuSeconds: number | null
  readonly peakMb: number | null
  /** Seconds of its own stages, as it says; the start of the process is in none. */
  readonly stages: Readonly<Record<string, number>>
  readonly stagePeaksMb: Readonly<Record<string, number>>
}

export const OUR_FLAGS = START_COMMAND.filter((word) => word.startsWith('--'))
const CLI = join(import.meta.dirname, '../../packages/server/src/cli.ts')

/** `questline reports run`, as its shell part starts it. */
export const questline: Program = {
  name: 'questline',
  versions: `Node ${process.versions.node}`,
  async run(files, out) {
    const words = ['reports', 'run', '--json', '--data', files.dir, '--out', out]
    const args = [...OUR_FLAGS, CLI, ...words, '--date', files.truth.lastDay]
    const timed = await timeProcess({
      ...{ file: process.execPath, args },
      // "     0.3 s  reading purchases", when it begins.
      markOf: (line) => ({ begun: line.replace(/^ *[\d.]+ s +/, '') }),
    })
    const run: GoodRun = JSON.parse(timed.output)
    assertTrue(run, files)
    const stages = Object.entries(run.durations_ms).map(([stage, ms]) => [stage, ms / 1_000])
    return { ...timed, stages: Object.fromEntries(stages) }
  },
}

/** @throws where the reports are not of what is in the files: the time of wrong reports is no figure */
export function assertTrue(run: GoodRun, { truth }: GeneratedFiles): void {
  const { matchedByReceipt, matchedByTime, afOnly, confirmedOnly } = truth.reconciliation
  assertSame(
    'questline',
    {
      ...Object.fromEntries(run.inputs.map(({ file, kept }) => [file, kept])),
      ...run.reconciliation,
    },
    {
      ...Object.fromEntries(Object.entries(truth.files).map(([file, { kept }]) => [file, kept])),
      ...{ matched: matchedByReceipt + matchedByTime, af_only: afOnly },
      confirmed_only: confirmedOnly,
    },
  )
}

type Yardstick = {
  readonly name: string
  readonly script: string
  readonly options: readonly string[]
  readonly libraries: readonly string[]
}

const YARDSTICKS: readonly Yardstick[] = [
  {
    ...{ name: 'pandas', script: 'pandas_reports.py', options: [] },
    libraries: ['pandas', 'pyarrow', 'numpy'],
  },
  {
    ...{ name: 'pandas --arrow', script: 'pandas_reports.py', options: ['--arrow'] },
    libraries: ['pandas', 'pyarrow', 'numpy'],
  },
  { name: 'Polars', script: 'polars_reports.py', options: [], libraries: ['polars'] },
]

/** Those that this Python has the libraries for, and a word on each of the others. */
export function findYardsticks(python: string): {
  readonly found: readonly Program[]
  readonly skipped: readonly string[]
} {
  const tried = YARDSTICKS.map((yardstick) => ({
    yardstick,
    versions: versionsOf(python, yardstick.libraries),
  }))
  return {
    found: tried.flatMap(({ yardstick, versions }) =>
      versions === null ? [] : [programOf(python, yardstick, versions)],
    ),
    skipped: tried.flatMap(({ yardstick, versions }) =>
      versions === null
        ? [`${yardstick.name} skipped: ${python} cannot load ${yardstick.libraries.join(', ')}`]
        : [],
    ),
  }
}

function versionsOf(python: string, libraries: readonly string[]): string | null {
  const said = libraries.map((library) => `"${library}", ${library}.__version__`).join(', ')
  const script = `import sys, ${libraries.join(', ')}; print("Python", sys.version.split()[0], ${said})`
  const run = spawnSync(python, ['-c', script], { encoding: 'utf8' })
  return run.status === 0 ? run.stdout.trim() : null
}

/** What a yardstick prints, in so far as we read it. */
type Said = {
  readonly stages: Readonly<Record<string, number>>
  readonly counts: { readonly kept: number; readonly confirmations: number; readonly dau: number }
}

const programOf = (python: string, { name, script, options }: Yardstick, versions: string) => ({
  ...{ name, versions },
  async run({ dir, truth }: GeneratedFiles, out: string): Promise<Measured> {
    const path = join(import.meta.dirname, script)
    const command: Command = {
      ...{ file: python, args: [path, ...options, dir, out, truth.lastDay] },
      markOf: (line) => ({ ended: line }),
    }
    const timed = await timeProcess(command)
    const { stages, counts }: Said = JSON.parse(timed.output)
    const { kept, confirmations, dau } = counts
    assertSame(
      name,
      { kept, confirmations, dau },
      {
        kept: truth.curated.rows,
        confirmations: truth.files['confirmed_purchases.csv'].kept,
        dau: truth.dau,
      },
    )
    return { ...timed, stages }
  },
})

type Counts = Readonly<Record<string, number>>

function assertSame(name: string, counted: Counts, truth: Counts): void {
  const wrong = Object.entries(truth).filter(([what, count]) => counted[what] !== count)
  const said = wrong.map(([what, count]) => `${what} ${counted[what]} and not ${count}`)
  if (said.length > 0) throw new Error(`${name} counts ${said.join(', ')}`)
}
