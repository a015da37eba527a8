import type { LoadResult } from './generator.ts'

export type Spread = { readonly median: number; readonly min: number; readonly max: number }

export type Unit =
  | 'x'
  | '/s'
  | 's'
  | 'ms'
  | 'µs'
  | 'per 1,000'
  | 'MB'
  | 'bytes'
  | 'events'
  | 'cores'
  | 'files'

/** Below the floor is a defect; the target is what we aim at. */
export type Aim = {
  readonly better: 'higher' | 'lower'
  readonly floor?: number
  readonly target: number
}

export type Costs = {
  /** The most resident memory of the server so far, and what its database takes beside it. */
  readonly serverMemoryMb: number | null
  readonly databaseMemoryMb: number | null
  /** CPU time of server and database per request. */
  readonly serverCpuUs: number | null
  readonly generatorCpu: number
}

export type Figure = Spread & {
  readonly name: string
  readonly unit: Unit
  readonly aim?: Aim
  readonly costs?: Costs
  readonly notes: readonly string[]
}

const MEMORY_AIM: Aim = { better: 'lower', target: 200 }

export type Verdict = 'target met' | 'floor met' | 'below the floor' | 'missed'

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const [min, max] = [sorted[0], sorted.at(-1)]
  if (min === undefined || max === undefined) throw new Error('nothing was measured')
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? max
  return { median: sorted.length % 2 ? upper : ((sorted[middle - 1] ?? min) + upper) / 2, min, max }
}

/** Ratios round by round: neighbours in time met the same machine. */
export const ratios = (subject: readonly number[], yardstick: readonly number[]): number[] =>
  subject.map((value, round) => value / (yardstick[round] ?? Number.NaN))

type Measure = 'perSecond' | 'p50Ms' | 'p95Ms' | 'p99Ms' | 'maxMs' | 'generatorCpu'

export const pick = (results: readonly LoadResult[], measure: Measure): number[] =>
  results.map((result) => result[measure])

/** The median of each percentile over the rounds, and the worst answer of all. */
export function latencyNote(results: readonly LoadResult[]): string {
  const ms = (key: 'p50Ms' | 'p95Ms' | 'p99Ms') => spread(pick(results, key)).median.toFixed(2)
  const max = spread(pick(results, 'maxMs')).max.toFixed(1)
  return `p50 ${ms('p50Ms')}, p95 ${ms('p95Ms')}, p99 ${ms('p99Ms')}, max ${max} ms`
}

/** The most that a server took; none where the system does not tell. */
export function memoryFigure(name: string, { serverMemoryMb, databaseMemoryMb }: Costs): Figure[] {
  if (serverMemoryMb === null) return []
  const notes = databaseMemoryMb ? [`and ${Math.round(databaseMemoryMb)} MB of PostgreSQL`] : []
  return [{ name, unit: 'MB', ...spread([serverMemoryMb]), aim: MEMORY_AIM, notes }]
}

/** How a fixed rate was kept; empty when every request left in time. */
export function lateNotes(results: readonly LoadResult[]): string[] {
  const sum = (key: 'late' | 'unsent' | 'requests') =>
    results.reduce((total, result) => total + result[key], 0)
  const share = (sum('late') / Math.max(1, sum('requests'))) * 100
  return [
    ...(share > 0 ? [`${share.toFixed(1)} % left late, behind an answer`] : []),
    ...(sum('unsent') > 0 ? [`${sum('unsent')} requests were never sent`] : []),
  ]
}

export function verdictOf({ median, aim }: Figure): Verdict | '' {
  if (!aim) return ''
  const reaches = (bound: number) => (aim.better === 'higher' ? median >= bound : median <= bound)
  if (reaches(aim.target)) return 'target met'
  if (aim.floor === undefined) return 'missed'
  return reaches(aim.floor) ? 'floor met' : 'below the floor'
}
