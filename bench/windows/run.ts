import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
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
import type { Consumed, ConsumeJob } from './consume.ts'
import type { FillJob } from './fill-log.ts'
import { measureFreshness } from './freshness.ts'

const EVENTS = 300_000
const WARMUP = 60_000
const BATCH_EVENTS = 5_000
/** A disk on which syncs are free, where the system has one. */
const IN_MEMORY = '/dev/shm'

export const windowsBench: Bench = {
  name: 'windows',
  question: 'What do quality and windows cost per event, and how soon is an event in the numbers?',
  folder: import.meta.dirname,
  async measure(lab) {
    const folder = join(lab.folder, 'windows')
    mkdirSync(folder)
    const fill: FillJob = { folder, events: EVENTS }
    await runChild(script('fill-log.ts'), { core: lab.cores.generator }, fill)
    lab.say(`${EVENTS} events are logged`)
    lab.remark(
      `${EVENTS.toLocaleString('en-US')} events of 20,000 players, ten countries and ten types at 1,000 a second of event time, in batches of ${BATCH_EVENTS.toLocaleString('en-US')}; the first ${WARMUP.toLocaleString('en-US')} are not measured`,
    )
    const results = await takeTurns(lab.rounds, {
      exactlyOnce: () => consume(lab, folder, true),
      yardstick: () => consume(lab, folder, false),
    })
    const figures = figuresOf(results)
    if (lab.databases.kind === 'sqlite') {
      return [...figures, freshnessFigure(await measureFreshness(lab))]
    }
    lab.remark('how soon an event is visible is measured on SQLite only')
    return figures
  },
}

const script = (name: string): string => join(import.meta.dirname, name)

/** On one core. The yardstick neither syncs nor writes checkpoints. */
async function consume(lab: Lab, folder: string, isReal: boolean): Promise<Consumed> {
  const parent = isReal || !existsSync(IN_MEMORY) ? lab.folder : IN_MEMORY
  const analyticsFolder = mkdtempSync(join(parent, 'questline-analytics-'))
  try {
    const job: ConsumeJob = {
      ...{ folder, analyticsFolder, batchEvents: BATCH_EVENTS },
      ...{ checkpoints: isReal, warmup: WARMUP },
    }
    const consumed = await runChild<Consumed>(script('consume.ts'), { core: lab.cores.server }, job)
    const each = Object.entries(consumed.stages).map(
      ([stage, { cpuUs, events }]) => `${stage} ${(cpuUs / events).toFixed(2)}`,
    )
    lab.say(`${isReal ? 'exactly once' : 'yardstick'}: ${each.join(', ')} µs of CPU an event`)
    return consumed
  } finally {
    rmSync(analyticsFolder, { recursive: true, force: true })
  }
}

const QUALITY_AND_WINDOWS = ['quality', 'windows']

/** Events per second of CPU time of one core. */
function perCpuSecond({ stages }: Consumed, names: readonly string[]): number {
  const costs = names.map((name) => stages[name])
  const us = costs.reduce((sum, cost) => sum + (cost ? cost.cpuUs / cost.events : Number.NaN), 0)
  return 1e6 / us
}

function figuresOf(results: {
  readonly exactlyOnce: readonly Consumed[]
  readonly yardstick: readonly Consumed[]
}): readonly Figure[] {
  const { exactlyOnce, yardstick } = results
  const of = (consumed: readonly Consumed[], names: readonly string[]) =>
    consumed.map((each) => perCpuSecond(each, names))
  const both = of(exactlyOnce, QUALITY_AND_WINDOWS)
  const memory = exactlyOnce.map(({ rssMb }) => rssMb)
  return [
    {
      ...{ name: 'quality and windows, of one core', unit: '/s', ...spread(both) },
      ...{ aim: { better: 'higher', target: 50_000 }, notes: [stageNote(exactlyOnce)] },
    },
    {
      ...{ name: 'windows alone', unit: '/s', ...spread(of(exactlyOnce, ['windows'])) },
      ...{ aim: { better: 'higher', target: 80_000 }, notes: [] },
    },
    {
      ...{ name: 'exactly once, against neither checkpoints nor syncs', unit: 'x' },
      ...spread(ratios(of(yardstick, QUALITY_AND_WINDOWS), both)),
      aim: { better: 'lower', target: 1.15 },
      notes: ['CPU time of the one by that of the other'],
    },
    {
      ...{ name: 'memory of the process', unit: 'MB', ...spread(memory), notes: [] },
    },
  ]
}

function stageNote(consumed: readonly Consumed[]): string {
  const stages = Object.keys(consumed[0]?.stages ?? {})
  const each = stages.map((stage) => {
    const { median } = spread(consumed.map((one) => 1e6 / perCpuSecond(one, [stage])))
    return `${stage} ${median.toFixed(1)}`
  })
  return `µs of CPU an event: ${each.join(', ')}`
}

function freshnessFigure(ms: readonly number[]): Figure {
  const sorted = ms.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
  return {
    ...{ name: 'accepted until visible, p95, at 1,000 events/s', unit: 'ms' },
    ...spread([at(0.95)]),
    aim: { better: 'lower', target: 2_000 },
    notes: [
      `p50 ${at(0.5).toFixed(0)}, max ${at(1).toFixed(0)} ms; with the polling of the reader`,
    ],
  }
}
