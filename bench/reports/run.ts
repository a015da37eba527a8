import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Bench,
  type Figure,
  type Lab,
  runChild,
  spread,
  takeTurns,
} from '../harness/harness.ts'
import { besideReports } from './beside-reports.ts'
import { type GeneratedFiles, generatedFiles } from './generated-files.ts'
import { costs, figuresOf, medianSeconds, type Results } from './program-figures.ts'
import {
  assertTrue,
  findYardsticks,
  type Measured,
  OUR_FLAGS,
  type Program,
  questline,
} from './programs.ts'
import { SIZES, type Size } from './sizes.ts'
import type { WarmJob, WarmRuns } from './warm-runs.ts'

export type ReportsBenchSettings = {
  readonly sizes: readonly Size[]
  /** Of the yardsticks. */
  readonly python: string
}

/** In one process. */
const WARM = { warmups: 10, runs: 15 }
const BESIDE_PURCHASES_MAX = 1_000_000

export const createReportsBench = ({ sizes, python }: ReportsBenchSettings): Bench => ({
  name: 'reports',
  question: 'What do the daily reports cost, beside good programs with pandas and Polars?',
  folder: import.meta.dirname,
  async measure(lab) {
    const { found, skipped } = findYardsticks(python)
    for (const word of skipped) {
      lab.say(word)
      lab.remark(`${word}; --python names another`)
    }
    const programs = [questline, ...found]
    lab.remark(programs.map(({ name, versions }) => `${name}: ${versions}`).join('; '))
    lab.remark(
      'reports on all cores, each run a process of its own; an amount of time is the median of whole runs',
    )
    await startOnce(lab, programs)
    const figures: Figure[] = []
    for (const size of sizes) figures.push(...(await measureSize(lab, size, programs)))
    const busy = sizes.filter(({ purchases }) => purchases <= BESIDE_PURCHASES_MAX).at(-1)
    if (busy) figures.push(await besideReports(lab, await generatedFiles(busy, lab.say)))
    else lab.remark('the server beside its reports was not measured: with --sizes 1m or 10k it is')
    return figures
  },
})

/** What only the first start of a program does: compiled code is kept, libraries come from the disk. */
async function startOnce(lab: Lab, programs: readonly Program[]): Promise<void> {
  const [smallest] = SIZES
  if (!smallest) return
  const files = await generatedFiles(smallest, lab.say)
  for (const program of programs) await runIn(lab, program, files)
}

async function measureSize(
  lab: Lab,
  size: Size,
  programs: readonly Program[],
): Promise<readonly Figure[]> {
  const files = await generatedFiles(size, lab.say)
  const megabytes = Math.round(files.bytes / 1e6)
  lab.remark(`${size.label} purchases: ${megabytes} MB of CSV, ${size.rounds} rounds`)
  const warm = size.aims.warmMs === undefined ? [] : [await warmFigure(lab, files)]
  const contestants = programs.map(
    (program) => [program.name, () => runIn(lab, program, files)] as const,
  )
  const results: Results = await takeTurns(size.rounds, Object.fromEntries(contestants))
  return [...warm, ...figuresOf(size, results)]
}

async function runIn(lab: Lab, program: Program, files: GeneratedFiles): Promise<Measured> {
  const out = mkdtempSync(join(lab.folder, 'reports-'))
  try {
    const measured = await program.run(files, out)
    lab.say(
      `${files.size.label}, ${program.name}: ${medianSeconds([measured]).toFixed(2)} s, ${costs([measured])}`,
    )
    return measured
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

async function warmFigure(lab: Lab, files: GeneratedFiles): Promise<Figure> {
  const { aims, label } = files.size
  const out = mkdtempSync(join(lab.folder, 'reports-'))
  const options = {
    ...{ core: null, flags: OUR_FLAGS },
    settings: { DATA_DIR: files.dir, REPORTS_DIR: out },
  }
  const job: WarmJob = { date: files.truth.lastDay, ...WARM }
  const script = join(import.meta.dirname, 'warm-runs.ts')
  const { ms, cpuMs, last } = await runChild<WarmRuns>(script, options, job)
  assertTrue(last, files)
  const stages = Object.entries(last.durations_ms).map(([stage, took]) => `${stage} ${took}`)
  lab.say(`${label} warm: ${spread(ms).median.toFixed(1)} ms`)
  return {
    name: `reports of ${label} purchases, warm`,
    unit: 'ms',
    ...spread(ms),
    ...(aims.warmMs === undefined ? {} : { aim: { better: 'lower', target: aims.warmMs } }),
    notes: [
      `CPU ${spread(cpuMs).median.toFixed(1)} ms`,
      `${WARM.runs} whole runs in one process after ${WARM.warmups} others`,
      `of the last, in ms: ${stages.join(', ')}`,
    ],
  }
}
