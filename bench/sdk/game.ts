// A made-up game with one SDK in it, as a process of its own. It is told what to do line by line, and
// tells what it has recorded; its lines begin with @, since SDKs print lines of their own.
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { END_WITHIN_MS, EVERY_MS, PURCHASE_EVERY } from './faults.ts'
import { markOf } from './faulty-server.ts'
import type { SdkName } from './protocols.ts'
import type { Sdk } from './sdks/sdk.ts'
import { startSdk } from './sdks/start-sdk.ts'
import { textsOf } from './texts.ts'

export type GameJob = {
  readonly sdk: SdkName
  readonly url: string
  readonly folder: string
  readonly queueEvents?: number
  readonly textChars: number
  /** The number of the first event. */
  readonly first: number
  readonly burst: number
  /** For how long it records, from `go`. */
  readonly recordMs: number
}

const SLICE = 50

async function record(sdk: Sdk, job: GameJob): Promise<void> {
  let n = job.first
  const one = (): void => {
    const mark = markOf(n)
    sdk.record(mark, n % PURCHASE_EVERY === 0, textsOf(n, job.textChars))
    process.stdout.write(`@recorded ${mark}\n`)
    n += 1
  }
  const since = performance.now()
  while (n - job.first < job.burst) {
    one()
    // A game draws between its events.
    if (n % SLICE === 0) await sleep(10)
  }
  // By the clock, so that every game records as many, however slow its SDK is.
  for (let due = EVERY_MS; due <= job.recordMs; due += EVERY_MS) {
    await sleep(Math.max(0, since + due - performance.now()))
    one()
  }
}

const job: GameJob = JSON.parse(process.argv[2] ?? '')
const sdk = await startSdk(job.sdk, job)
process.stdout.write('@ready\n')
for await (const line of createInterface(process.stdin)) {
  if (line === 'go') void record(sdk, job)
  if (line !== 'end') continue
  await sdk.end(END_WITHIN_MS)
  // Timers that an SDK leaves behind do not keep a game open either. One turn for the storage.
  setImmediate(() => process.exit(0))
}
