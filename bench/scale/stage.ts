// Brings what waits through one stage, in a process of its own, and says what that has cost. Takes a
// StageJob as JSON from standard input and prints a StageCost as JSON.
import { text } from 'node:stream/consumers'
import { bytesOf } from './database-bytes.ts'
import { logBytes } from './log-bytes.ts'
import { POSTGRES, type StageUs, stageUs, usedSince, usesOf } from './meter.ts'
import { openStage, type Place, type StageName } from './stage-work.ts'

export type StageJob = Place & {
  readonly stage: StageName
  /** Process ids. */
  readonly postgres: number
  readonly kafka: number
  /** Where the broker's logs lie. */
  readonly logs: string
}

/** Everything for each record that the stage has read, once compilers and caches were warm. */
export type StageCost = {
  /** All that lay there for it, and how many of it were measured. */
  readonly waiting: number
  readonly records: number
  readonly written: number
  readonly perSecond: number
  readonly us: StageUs
  readonly networkBytes: number
  readonly logBytes: number
  readonly walBytes: number
  readonly tableBytes: number
}

const WARMUP_SHARE = 0.3

const job: StageJob = JSON.parse(await text(process.stdin))
const work = await openStage(job.stage, job)

async function look() {
  const watched = { own: process.pid, [POSTGRES]: job.postgres, broker: job.kafka }
  const atMs = performance.now()
  const [bytes, written] = await Promise.all([bytesOf(job.url), work.written()])
  return { atMs, uses: usesOf(watched), ...bytes, written, logs: logBytes(job.logs, job.prefix) }
}

let taken = 0
/** From where it is measured: from the beginning where one part was all there was. */
let from = { taken: 0, at: await look() }
for (let more = await work.take(); more > 0; more = await work.take()) {
  taken += more
  const isWarm = taken >= work.waiting * WARMUP_SHARE && taken < work.waiting
  if (from.taken === 0 && isWarm) from = { taken, at: await look() }
}
const [before, after] = [from.at, await look()]
const records = taken - from.taken
const uses = usedSince(before.uses, after.uses)
const each = (name: 'wal' | 'tables' | 'logs' | 'written') => (after[name] - before[name]) / records
const cost: StageCost = {
  waiting: work.waiting,
  records,
  written: each('written'),
  perSecond: (records * 1_000) / (after.atMs - before.atMs),
  us: stageUs(uses, records),
  networkBytes: (uses.get('own')?.bytes ?? 0) / records,
  logBytes: each('logs'),
  walBytes: each('wal'),
  tableBytes: each('tables'),
}
await work.close()
process.stdout.write(JSON.stringify(cost))
