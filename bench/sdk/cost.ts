// What an SDK costs the game: a process of its own that records as it is told, line by line, and
// measures itself. Its lines begin with @.
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { markOf } from './faulty-server.ts'
import type { SdkName } from './protocols.ts'
import { startSdk } from './sdks/start-sdk.ts'
import { textsOf } from './texts.ts'

export type CostJob = {
  readonly sdk: SdkName
  readonly url: string
  /** Without one nothing is written to a disk. */
  readonly folder?: string
}

/** What is printed after each order. */
export type Measured = {
  /** In the call itself, which the game's frame waits for. */
  readonly callUs: number
  /** On all threads of the process, from the last `mark`: with storing and sending. */
  readonly cpuUs: number
  readonly heapBytes: number
}

const SLICE = 20
const SLICE_MS = 20
const TEXTS = textsOf(0, 100)

const job: CostJob = JSON.parse(process.argv[2] ?? '')
const collect = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
const sdk = await startSdk(job.sdk, job)
let n = 0
let callUs = 0
let cpu = process.cpuUsage()

async function record(count: number): Promise<void> {
  for (let slice = 0; slice < count / SLICE; slice += 1) {
    const since = performance.now()
    for (let one = 0; one < SLICE; one += 1) {
      sdk.record(markOf(n), false, TEXTS)
      n += 1
    }
    callUs += (performance.now() - since) * 1_000
    await sleep(SLICE_MS)
  }
}

const tell = (): void => {
  const { user, system } = process.cpuUsage(cpu)
  const measured: Measured = { callUs, cpuUs: user + system, heapBytes: collect() }
  process.stdout.write(`@${JSON.stringify(measured)}\n`)
}

tell()
for await (const line of createInterface(process.stdin)) {
  if (line === 'end') process.exit(0)
  if (line === 'mark') {
    callUs = 0
    cpu = process.cpuUsage()
  }
  if (line.startsWith('record ')) await record(Number(line.slice('record '.length)))
  tell()
}
