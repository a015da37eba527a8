import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Bench,
  type Figure,
  type Lab,
  type LoadResult,
  lateNotes,
  latencyNote,
  runChild,
  type Server,
  spread,
} from '../harness/harness.ts'
import { BATCH_EVENTS } from './batches.ts'
import type { SoakLoad } from './load.ts'
import { type Sample, sample, samplesTable } from './samples.ts'

export type SoakSettings = {
  readonly minutes: number
  /** Events per second; null for half the knee. */
  readonly rate: number | null
}

const KEY = 'an-ingest-key-of-the-soak-and-of-nothing-else'
const CONNECTIONS = 32
const KNEE_SECONDS = 10
const SAMPLES = 40
/** The first quarter is not compared: caches, compilers and the files of a new database grow. */
const SETTLED = 0.25
const WAIT_MS = 120_000

/** Half of what goes through everything, for long: what grows then grows for ever. */
export const createSoakBench = ({ minutes, rate: wanted }: SoakSettings): Bench => ({
  name: 'soak',
  question: 'What grows in a server that runs for long at half of what it can do?',
  folder: import.meta.dirname,
  async measure(lab) {
    await using server = await lab.startServer('soak', { EVENT_API_KEY: KEY })
    const knee = await findKnee(lab, server)
    const rate = wanted ?? knee / 2
    lab.remark(
      `the knee is ${Math.round(knee).toLocaleString('en-US')} events/s from the wire into the numbers, on one core; ${Math.round(rate).toLocaleString('en-US')} for ${minutes} minutes`,
    )
    const { samples, result } = await soak(lab, server, rate, minutes * 60)
    writeFileSync(join(import.meta.dirname, 'last-samples.md'), pageOf(minutes, rate, samples))
    return figuresOf(samples, result)
  },
})

/** Events per second from the wire into the numbers, when more come than that. */
async function findKnee(lab: Lab, server: Server): Promise<number> {
  // Compilers and caches first.
  await play(lab, server, { seconds: 3 })
  await drained(server)
  const since = performance.now()
  const { requests } = await play(lab, server, { seconds: KNEE_SECONDS })
  await drained(server)
  const perSecond = (requests * BATCH_EVENTS * 1_000) / (performance.now() - since)
  lab.say(`the knee: ${Math.round(perSecond)} events/s`)
  return perSecond
}

async function drained(server: Server): Promise<void> {
  const until = performance.now() + WAIT_MS
  for (let quiet = 0; quiet < 3; ) {
    await sleep(150)
    quiet = (await sample(server, 0)).windowsLag === 0 ? quiet + 1 : 0
    if (performance.now() > until) throw new Error('the numbers do not catch up')
  }
}

function play(
  lab: Lab,
  { port }: Server,
  plan: { readonly seconds: number; readonly perSecond?: number },
): Promise<LoadResult> {
  const job: SoakLoad = {
    plan: { port, connections: CONNECTIONS, warmupSeconds: 0, ...plan },
    key: KEY,
  }
  const script = join(import.meta.dirname, 'load.ts')
  return runChild<LoadResult>(script, { core: lab.cores.generator }, job)
}

async function soak(lab: Lab, server: Server, rate: number, seconds: number) {
  const ending = new AbortController()
  const samples: Sample[] = []
  const begin = performance.now()
  const watch = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const taken = await sample(server, Math.round((performance.now() - begin) / 1_000))
      samples.push(taken)
      lab.say(`${taken.second} s: ${taken.memoryMb?.toFixed(0)} MB, ${taken.handles} handles`)
      // Ended early by the end of the load.
      await sleep((seconds * 1_000) / SAMPLES, undefined, { signal: ending.signal }).catch(
        () => undefined,
      )
    }
  }
  const watching = watch()
  const result = await play(lab, server, { seconds, perSecond: rate / BATCH_EVENTS }).finally(() =>
    ending.abort(),
  )
  await watching
  if (result.firstFault !== null) throw new Error(`not all answers are 2xx\n${result.firstFault}`)
  return { samples, result }
}

/** The median of the last third over that of the first, of what is settled; 1 is flat. */
function growth(values: readonly number[]): number {
  const settled = values.slice(Math.floor(values.length * SETTLED))
  const third = Math.max(1, Math.floor(settled.length / 3))
  const [first, last] = [settled.slice(0, third), settled.slice(-third)].map(
    (part) => spread(part).median,
  )
  return (last ?? Number.NaN) / (first ?? Number.NaN)
}

function figuresOf(samples: readonly Sample[], result: LoadResult): readonly Figure[] {
  const settled = samples.slice(Math.floor(samples.length * SETTLED))
  const flat = (name: string, values: readonly number[], target: number): Figure[] => {
    if (values.length < 3) return []
    const grown = growth(values)
    const { median, min, max } = spread(values)
    const note = `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`
    return [
      {
        ...{ name, unit: 'x', median: grown, min: grown, max: grown, notes: [note] },
        aim: { better: 'lower', target },
      },
    ]
  }
  const memory = samples.flatMap(({ memoryMb }) => memoryMb ?? [])
  const handles = samples.flatMap(({ handles: open }) => open ?? [])
  return [
    ...flat('memory, last third against first, in MB', memory, 1.1),
    ...flat('file handles, last third against first', handles, 1.05),
    {
      ...{ name: 'write-ahead logs', unit: 'MB', ...spread(settled.map(({ walMb }) => walMb)) },
      notes: ['of all databases together'],
    },
    {
      ...{ name: 'events not yet counted', unit: 'events' },
      ...spread(settled.map(({ windowsLag }) => windowsLag)),
      notes: ['between two steps some always are'],
    },
    {
      ...{ name: 'p95 of a batch of 50', unit: 'ms', ...spread([result.p95Ms]) },
      notes: [latencyNote([result]), ...lateNotes([result])],
    },
  ]
}

const pageOf = (minutes: number, rate: number, samples: readonly Sample[]): string =>
  `# Last soak\n\n${minutes} minutes at ${Math.round(rate).toLocaleString('en-US')} events/s.\n\n${samplesTable(samples)}\n`
