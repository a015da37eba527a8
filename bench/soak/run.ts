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
import { lagOf, lowestMemory, type Sample, sample, samplesTable } from './samples.ts'
import { FLAT_MAX, type Held, rise, verdictOn } from './verdict.ts'

export type SoakSettings = {
  readonly minutes: number
  /** Events per second; null for half the knee. */
  readonly rate: number | null
}

const KEY = 'an-ingest-key-of-the-soak-and-of-nothing-else'
const CONNECTIONS = 32
const KNEE_SECONDS = 10
const SAMPLES = 40
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
    const verdict = verdictOn(heldIn(samples))
    lab.say(verdict)
    lab.remark(verdict)
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
    quiet = (await lagOf(server)) === 0 ? quiet + 1 : 0
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
      const lowest = await lowestMemory(server, (seconds * 1_000) / SAMPLES, ending.signal)
      // One that was cut short by the end of the load has not seen its low.
      if (ending.signal.aborted) return
      const taken = await sample(server, Math.round((performance.now() - begin) / 1_000), lowest)
      samples.push(taken)
      lab.say(`${taken.second} s: ${taken.memoryMb?.toFixed(0)} MB, ${taken.handles} handles`)
    }
  }
  const watching = watch()
  const result = await play(lab, server, { seconds, perSecond: rate / BATCH_EVENTS }).finally(() =>
    ending.abort(),
  )
  await watching
  refuseFaults(result)
  return { samples, result }
}

const BUSY = '503'

/** A server may shed for a moment in so long a time, where its machine has other work; that is counted. */
function refuseFaults({ statuses, firstFault }: LoadResult): void {
  const isFault = (status: string) => !status.startsWith('2') && status !== BUSY
  if (!Object.keys(statuses).some(isFault)) return
  throw new Error(`answers were ${JSON.stringify(statuses)}, the first fault:\n${firstFault}`)
}

function shedNotes({ statuses }: LoadResult): readonly string[] {
  const shed = statuses[BUSY] ?? 0
  return shed === 0 ? [] : [`${shed} batches were answered 503`]
}

/** What must stay where it is. A system that does not tell of something is not asked for it. */
function heldIn(samples: readonly Sample[]): readonly Held[] {
  const held = [
    { name: 'memory', values: samples.flatMap(({ memoryMb }) => memoryMb ?? []) },
    { name: 'file handles', values: samples.flatMap(({ handles }) => handles ?? []) },
    { name: 'write-ahead logs', values: samples.map(({ walMb }) => walMb) },
  ]
  return held.filter(({ values }) => values.length === samples.length)
}

function riseOf({ name, values }: Held): Figure {
  const { median, min, max } = spread(values)
  return {
    ...{ name: `${name}, rise in the second half`, unit: 'x', ...spread([rise(values)]) },
    aim: { better: 'lower', target: FLAT_MAX },
    notes: [`${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`],
  }
}

const figuresOf = (samples: readonly Sample[], result: LoadResult): readonly Figure[] => [
  ...heldIn(samples).map(riseOf),
  {
    ...{ name: 'events not yet counted', unit: 'events' },
    ...spread(samples.map(({ windowsLag }) => windowsLag)),
    notes: ['between two steps some always are'],
  },
  {
    ...{ name: 'p95 of a batch of 50', unit: 'ms', ...spread([result.p95Ms]) },
    notes: [latencyNote([result]), ...lateNotes([result]), ...shedNotes(result)],
  },
]

const pageOf = (minutes: number, rate: number, samples: readonly Sample[]): string =>
  `# Last soak\n\n${minutes} minutes at ${Math.round(rate).toLocaleString('en-US')} events/s.\n\n${samplesTable(samples)}\n`
