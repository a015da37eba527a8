import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Bench,
  type Figure,
  type Lab,
  ratios,
  runChild,
  spread,
  takeTurns,
} from '../harness/harness.ts'
import {
  type Counted,
  type CountJob,
  DAYS,
  type FillJob,
  type WriteJob,
  type Written,
} from './jobs.ts'

const RUNS = 3
export const LAKE_EVENTS = 1_000_000

export const createLakeBench = ({ events }: { readonly events: number }): Bench => ({
  name: 'lake',
  ...(events === LAKE_EVENTS ? {} : { variant: `${count(events)} events` }),
  question:
    'What does writing the lake cost, and how soon does it answer beside the live database?',
  folder: import.meta.dirname,
  async measure(lab) {
    const folder = join(lab.folder, 'lake')
    mkdirSync(folder)
    const size = count(events)
    // Three of ten million would take three quarters of an hour.
    const rounds = events > LAKE_EVENTS ? 1 : lab.rounds
    await runChild(script('fill-days.ts'), { core: null }, { folder, events } satisfies FillJob)
    lab.say(`${size} events are logged and judged`)
    lab.remark(
      `${size} events of 20,000 players over ${DAYS} days, rounds: ${rounds}; ratios also by CPU time, in which other work on the machine does not show`,
    )
    const written = await write(lab, folder, rounds)
    const lake = written.lake
    const ask = (engine: CountJob['engine'], question: CountJob['question']) => () =>
      countUsers(lab, { folder, lake, engine, question, runs: engine === 'lake' ? RUNS : 1 })
    const results = await takeTurns(rounds, {
      report: ask('lake', 'report'),
      reportSqlite: ask('sqlite', 'report'),
      days: ask('lake', 'days'),
      daysSqlite: ask('sqlite', 'days'),
      daysLog: ask('log', 'days'),
    })
    return [
      ...writeFigures(written.results),
      ...countFigures(`daily users of ${size} events`, results.report, results.reportSqlite, {
        ...{ target: 20, ...(events <= 1_000_000 ? { seconds: 1 } : {}) },
      }),
      ...countFigures(`users per day alone, ${size} events`, results.days, results.daysSqlite, {}),
      ...countFigures('the same', results.days, results.daysLog, {
        ...{ yardstick: 'the live log', target: 20 },
      }).slice(1),
    ]
  },
})

const script = (name: string): string => join(import.meta.dirname, name)
const count = (value: number): string => value.toLocaleString('en-US')

/** A new lake in each round, on one core; the last one stays to be asked. */
async function write(lab: Lab, folder: string, rounds: number) {
  const results: Written[] = []
  let lake = ''
  for (let round = 0; round < rounds; round += 1) {
    if (lake !== '') rmSync(lake, { recursive: true })
    lake = mkdtempSync(join(lab.folder, 'lake-'))
    const job: WriteJob = { folder, lake }
    const result = await runChild<Written>(script('write-lake.ts'), { core: lab.cores.server }, job)
    const us = (result.cpuSeconds / result.events) * 1e6
    lab.say(`written: ${us.toFixed(2)} µs of CPU an event, ${result.seconds.toFixed(1)} s`)
    results.push(result)
  }
  return { lake, results }
}

async function countUsers(lab: Lab, job: CountJob): Promise<Counted> {
  const counted = await runChild<Counted>(script('count-users.ts'), { core: null }, job)
  const { median } = spread(counted.seconds)
  lab.say(`${job.question}, ${job.engine}: ${median.toFixed(3)} s`)
  return counted
}

function writeFigures(results: readonly Written[]): Figure[] {
  const perCore = results.map(({ events, cpuSeconds }) => events / cpuSeconds)
  const [first] = results
  const bytes = first ? first.bytes / first.events : Number.NaN
  return [
    {
      name: 'events written, per core',
      unit: '/s',
      ...spread(perCore),
      notes: [`all three topics; ${bytes.toFixed(0)} bytes an event`],
    },
    {
      name: 'memory while writing batches of 200,000',
      unit: 'MB',
      ...spread(results.map(({ peakMb }) => peakMb)),
      notes: ['of the whole process, with LAKE_MEMORY_MB=512'],
    },
  ]
}

type Against = {
  readonly target?: number
  readonly seconds?: number
  readonly yardstick?: string
}

function countFigures(
  name: string,
  lake: readonly Counted[],
  sqlite: readonly Counted[],
  { target, seconds, yardstick = 'a table of SQLite' }: Against,
): Figure[] {
  if (new Set([...lake, ...sqlite].map(({ sum }) => sum)).size > 1) {
    throw new Error(`${name}: the engines disagree`)
  }
  const median = (all: readonly Counted[], of: 'seconds' | 'cpuSeconds') =>
    all.map((one) => spread(one[of]).median)
  const cpu = (all: readonly Counted[]) => spread(median(all, 'cpuSeconds')).median
  return [
    {
      ...{ name, unit: 's', ...spread(median(lake, 'seconds')) },
      ...(seconds === undefined ? {} : { aim: { better: 'lower', target: seconds } as const }),
      notes: [`CPU ${cpu(lake).toFixed(2)} s, opening the files included`],
    },
    {
      ...{ name: `${name}: ${yardstick}`, unit: 's', ...spread(median(sqlite, 'seconds')) },
      notes: [`CPU ${cpu(sqlite).toFixed(2)} s`],
    },
    {
      name: `${name}: times faster than ${yardstick}`,
      unit: 'x',
      ...spread(ratios(median(sqlite, 'seconds'), median(lake, 'seconds'))),
      ...(target === undefined ? {} : { aim: { better: 'higher', target } as const }),
      notes: [`${(cpu(sqlite) / cpu(lake)).toFixed(1)} × by CPU time`],
    },
  ]
}
