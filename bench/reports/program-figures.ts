import { type Figure, ratios, spread } from '../harness/harness.ts'
import { type Measured, questline } from './programs.ts'
import type { Size } from './sizes.ts'

/** By the name of the program, one after another; programs that were not there are left out. */
export type Results = Readonly<Record<string, readonly Measured[]>>

/** What the programs took, and how much faster ours was. */
export const figuresOf = (size: Size, results: Results): Figure[] => [
  ...Object.entries(results).map(([name, measured]) => timeFigure(size, name, measured)),
  ...memoryFigures(size, results[questline.name] ?? []),
  ...ratioFigures(size, results),
]

function timeFigure({ label, aims }: Size, name: string, results: readonly Measured[]): Figure {
  const seconds = results.map((one) => one.seconds)
  const notes = [costs(results), stagesNote(results)]
  if (name !== questline.name) {
    return { name: `${label}: ${name}`, unit: 's', ...spread(seconds), notes }
  }
  const whole = `reports of ${label} purchases, with process start`
  if (aims.withStartMs === undefined) return { name: whole, unit: 's', ...spread(seconds), notes }
  return {
    ...{ name: whole, unit: 'ms' },
    ...spread(seconds.map((each) => each * 1_000)),
    ...{ aim: { better: 'lower', target: aims.withStartMs }, notes },
  }
}

function memoryFigures({ label, aims }: Size, results: readonly Measured[]): Figure[] {
  const peaks = results.flatMap(({ peakMb }) => peakMb ?? [])
  if (aims.memoryMb === undefined || peaks.length === 0) return []
  const aim = { better: 'lower', ...aims.memoryMb } as const
  return [{ name: `memory, ${label} purchases`, unit: 'MB', ...spread(peaks), aim, notes: [] }]
}

/** Against each program that was there, all with pandas by the same bounds. */
function ratioFigures({ label, aims }: Size, results: Results): Figure[] {
  const { [questline.name]: ours = [], ...others } = results
  const ourCpu = medianOf(ours, 'cpuSeconds')
  const seconds = (all: readonly Measured[]) => all.map((one) => one.seconds)
  const against = (yardstick: readonly number[]) => spread(ratios(yardstick, seconds(ours)))
  return Object.entries(others).map(([name, theirs]): Figure => {
    const bounds = name.startsWith('pandas') ? aims.pandas : aims.polars
    const theirCpu = medianOf(theirs, 'cpuSeconds')
    const working = theirs.map(({ stages }) => sum(Object.values(stages)))
    return {
      name: `${label}: times faster than ${name}`,
      unit: 'x',
      ...against(seconds(theirs)),
      ...(bounds ? { aim: { better: 'higher', ...bounds } } : {}),
      notes: [
        ...(ourCpu && theirCpu ? [`${(theirCpu / ourCpu).toFixed(2)} × by CPU time`] : []),
        `${against(working).median.toFixed(2)} × if the start of Python is not counted and ours is`,
      ],
    }
  })
}

export const medianSeconds = (results: readonly Measured[]): number =>
  spread(results.map(({ seconds }) => seconds)).median

export function costs(results: readonly Measured[]): string {
  const cpu = medianOf(results, 'cpuSeconds')
  const peak = medianOf(results, 'peakMb')
  return [
    ...(cpu === null ? [] : [`CPU ${cpu.toFixed(2)} s`]),
    ...(peak === null ? [] : [`peak ${Math.round(peak).toLocaleString('en-US')} MB`]),
  ].join(', ')
}

/** Null where the system does not tell. */
function medianOf(results: readonly Measured[], cost: 'cpuSeconds' | 'peakMb'): number | null {
  const known = results.flatMap((one) => one[cost] ?? [])
  return known.length === 0 ? null : spread(known).median
}

/** The median of each stage, and the most memory that it needed. */
function stagesNote(results: readonly Measured[]): string {
  const [first] = results
  const each = Object.keys(first?.stages ?? {}).map((stage) => {
    const { median } = spread(results.map(({ stages }) => stages[stage] ?? 0))
    const peaks = results.flatMap(({ stagePeaksMb }) => stagePeaksMb[stage] ?? [])
    const peak = peaks.length === 0 ? '' : ` (${Math.round(Math.max(...peaks))} MB)`
    return `${stage.replaceAll('_', ' ')} ${median.toFixed(2)}${peak}`
  })
  return `stages in s: ${each.join(', ')}`
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0)
