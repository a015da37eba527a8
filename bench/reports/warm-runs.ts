// Whole runs one after another in one process, as `questline reports run` makes one: claimed,
// computed, synced, published. The settings are those of the environment.
// Takes a WarmJob as JSON from standard input and prints WarmRuns.
import { text } from 'node:stream/consumers'
import { loadReportSettings } from '../../packages/server/src/config/config.ts'
import { systemClock, systemRandom } from '../../packages/server/src/platform/platform.ts'
import { createCompute, type GoodRun, startRun } from '../../packages/server/src/reports/reports.ts'

export type WarmJob = { readonly date: string; readonly warmups: number; readonly runs: number }
export type WarmRuns = {
  readonly ms: readonly number[]
  /** CPU time of each, over all threads. */
  readonly cpuMs: readonly number[]
  readonly last: GoodRun
}

const { date, warmups, runs }: WarmJob = JSON.parse(await text(process.stdin))
const settings = { ...loadReportSettings(process.env), date, version: 'bench' }
const parts = {
  compute: createCompute({ ...systemClock, memory: process.memoryUsage.rss }),
  now: systemClock.now,
  random: systemRandom(),
}
const silent = { stage: () => undefined, written: () => undefined }

const ms: number[] = []
const cpuMs: number[] = []
let last: GoodRun | undefined
for (let made = 0; made < warmups + runs; made += 1) {
  const before = process.cpuUsage()
  const startedMs = performance.now()
  last = await (await startRun(parts, settings, silent)).done
  if (made < warmups) continue
  ms.push(performance.now() - startedMs)
  const { user, system } = process.cpuUsage(before)
  cpuMs.push((user + system) / 1_000)
}
process.stdout.write(JSON.stringify({ ms, cpuMs, last }))
