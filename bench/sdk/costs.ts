import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Figure, type Lab, spread, takeTurns } from '../harness/harness.ts'
import type { CostJob, Measured } from './cost.ts'
import { type FaultyServer, startFaultyServer } from './faulty-server.ts'
import { PROTOCOLS, type SdkName } from './protocols.ts'

export type Contestant = { readonly sdk: SdkName; readonly name: string; readonly onDisk: boolean }

type Cost = { readonly cpuUs: number; readonly callUs: number; readonly bytes: number }

const WARM_UP = 500
export const COST_EVENTS = 1_000
/** Fewer than the smallest bound of a queue. */
const WAITING = 800
const ARRIVE_WITHIN_MS = 60_000
/** GameAnalytics takes what was recorded once a second. */
const SETTLE_MS = 2_500

/** Costs of an event, with the contestants in turn. */
export async function costFigures(
  lab: Lab,
  contestants: readonly Contestant[],
): Promise<readonly Figure[]> {
  const turns = Object.fromEntries(
    contestants.map((one) => [one.name, () => measure(lab, one)] as const),
  )
  const results: Readonly<Record<string, readonly Cost[]>> = await takeTurns(lab.rounds, turns)
  const rows = Object.entries(results)
  return [
    ...rows.map(
      ([name, costs]): Figure => ({
        name: `an event, recorded, stored and sent: ${name}`,
        unit: 'µs',
        ...spread(costs.map(({ cpuUs }) => cpuUs)),
        notes: [`${spread(costs.map(({ callUs }) => callUs)).median.toFixed(1)} µs in the call`],
      }),
    ),
    ...rows.map(
      ([name, costs]): Figure => ({
        name: `memory of an event that waits: ${name}`,
        unit: 'bytes',
        ...spread(costs.map(({ bytes }) => bytes)),
        notes: [],
      }),
    ),
  ]
}

async function measure(lab: Lab, { sdk, name, onDisk }: Contestant): Promise<Cost> {
  await using server = await startFaultyServer(PROTOCOLS[sdk])
  const folder = onDisk ? { folder: mkdtempSync(join(lab.folder, 'sdk-')) } : {}
  const player = await start({ sdk, url: server.url, ...folder }, lab.cores.generator)
  try {
    await player.ask(`record ${WARM_UP}`)
    await arrived(server, WARM_UP)
    await player.ask('mark')
    await player.ask(`record ${COST_EVENTS}`)
    await arrived(server, WARM_UP + COST_EVENTS)
    const { cpuUs, callUs } = await player.ask('tell')
    server.weather = 'cut'
    const before = await player.ask('mark')
    await player.ask(`record ${WAITING}`)
    await sleep(SETTLE_MS)
    const after = await player.ask('tell')
    lab.say(`${name}: ${(cpuUs / COST_EVENTS).toFixed(1)} µs`)
    return {
      cpuUs: cpuUs / COST_EVENTS,
      callUs: callUs / COST_EVENTS,
      bytes: (after.heapBytes - before.heapBytes) / WAITING,
    }
  } finally {
    await player.end()
  }
}

async function arrived(server: FaultyServer, count: number): Promise<void> {
  const until = performance.now() + ARRIVE_WITHIN_MS
  while (server.counts.size < count) {
    if (performance.now() > until) throw new Error(`${server.counts.size} of ${count} arrived`)
    await sleep(20)
  }
}

async function start(job: CostJob, core: number | null) {
  const pinned = core === null ? [] : ['taskset', '-c', String(core)]
  const [command = '', ...rest] = [
    ...[...pinned, process.execPath, '--expose-gc', '--disable-warning=ExperimentalWarning'],
    ...[join(import.meta.dirname, 'cost.ts'), JSON.stringify(job)],
  ]
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'ignore'] })
  const exit = once(child, 'exit')
  const answers: ((measured: Measured) => void)[] = []
  createInterface(child.stdout).on('line', (line) => {
    if (line.startsWith('@')) answers.shift()?.(JSON.parse(line.slice(1)))
  })
  const next = (): Promise<Measured> =>
    Promise.race([
      new Promise<Measured>((resolve) => answers.push(resolve)),
      exit.then(() => {
        throw new Error(`${job.sdk} ended by itself`)
      }),
    ])
  await next()
  return {
    ask(order: string): Promise<Measured> {
      child.stdin.write(`${order}\n`)
      return next()
    },
    async end(): Promise<void> {
      child.stdin.end('end\n')
      await exit
    },
  }
}
