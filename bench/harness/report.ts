import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Figure, type Unit, verdictOf } from './figures.ts'
import type { Machine } from './machine.ts'

export type Report = {
  readonly bench: string
  readonly question: string
  readonly database: 'sqlite' | 'postgres'
  /** What was other than usual, whose result is kept beside the usual one. */
  readonly variant?: string
  /** ISO 8601. */
  readonly date: string
  readonly rounds: number
  readonly warmupSeconds: number
  readonly seconds: number
  readonly machine: Machine
  /** What was set beside the defaults, per server, with the hash of all its settings. */
  readonly servers: readonly string[]
  /** What else a reader has to know. */
  readonly remarks: readonly string[]
  readonly figures: readonly Figure[]
}

/** Processes that wanted a core before we began: from here on the machine was not ours. */
export const BUSY_LOAD = 0.5
const GENERATOR_CPU_MAX = 0.9

/** Keeps the last report of each database and variant, for machines in JSON and for people in Markdown. */
export function saveReport(folder: string, report: Report): void {
  const file = join(folder, 'last-result.json')
  const before: Record<string, Report> = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : {}
  const { database, variant } = report
  const all = { ...before, [variant ? `${database}, ${variant}` : database]: report }
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`)
  const pages = Object.values(all).map(renderReport)
  writeFileSync(join(folder, 'last-result.md'), `# Last result\n\n${pages.join('\n')}`)
}

/** Markdown that is also legible in a terminal. */
export function renderReport(report: Report): string {
  const { machine, rounds, seconds, warmupSeconds } = report
  const { disk } = machine
  const database = report.database === 'sqlite' ? 'SQLite' : 'PostgreSQL'
  const lines = [
    `## bench/${report.bench} on ${database}${report.variant ? `, ${report.variant}` : ''}`,
    '',
    `- ${report.date}, commit ${machine.commit ?? 'unknown'}; each figure the median of ${rounds} rounds (min–max) of ${seconds} s after ${warmupSeconds} s of warm-up, unless it says otherwise`,
    `- ${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}`,
    `- one write of 4 KiB with fdatasync on the disk of the data: ${ms(disk.medianMs)} (p95 ${ms(disk.p95Ms)})`,
    ...[...report.servers, ...report.remarks].map((line) => `- ${line}`),
    ...warnings(machine),
    '',
    ...table(report.figures),
    '',
  ]
  return lines.join('\n')
}

function warnings({ pinned, loadBefore, disk }: Machine): string[] {
  return [
    ...(pinned
      ? []
      : ['- **not pinned**: taskset or a second core is missing, all share all cores']),
    ...(loadBefore > BUSY_LOAD
      ? [`- **the machine was busy**: ${loadBefore.toFixed(1)} processes ran before we began`]
      : []),
    ...(disk.inMemory
      ? [
          '- **the data lay in memory**: point TMPDIR at a folder on a disk, or durable figures are void',
        ]
      : []),
  ]
}

const HEAD = [
  'figure',
  'median (min–max)',
  'floor',
  'target',
  'verdict',
  'RSS MB',
  'CPU µs',
  'gen. CPU',
]

function table(figures: readonly Figure[]): string[] {
  const rows = [[...HEAD, 'notes'], ...figures.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [
    line(head),
    line([...widths.map((width) => '-'.repeat(width)), '-----']),
    ...body.map(line),
  ]
}

/** Its row, in the order of the table's columns. */
export function cellsOf(figure: Figure): string[] {
  const { name, unit, median, min, max, aim, costs, notes } = figure
  const range = min === max ? '' : ` (${number(min, unit)}–${number(max, unit)})`
  const sign = aim?.better === 'lower' ? '≤ ' : '≥ '
  const bound = (value: number | undefined) =>
    value === undefined ? '' : sign + number(value, unit)
  const beside = costs?.databaseMemoryMb ? ` + ${Math.round(costs.databaseMemoryMb)}` : ''
  const isLimit = costs !== undefined && costs.generatorCpu > GENERATOR_CPU_MAX
  return [
    name,
    `${number(median, unit)}${suffix(unit)}${range}`,
    bound(aim?.floor),
    bound(aim?.target),
    verdictOf(figure),
    costs?.serverMemoryMb ? `${Math.round(costs.serverMemoryMb)}${beside}` : '',
    costs?.serverCpuUs ? costs.serverCpuUs.toFixed(1) : '',
    costs ? costs.generatorCpu.toFixed(2) : '',
    [...(isLimit ? ['**the generator may have been the limit**'] : []), ...notes].join('; '),
  ]
}

function number(value: number, unit: Unit): string {
  if (WHOLE.has(unit)) return Math.round(value).toLocaleString('en-US')
  if (unit === 'cores') return value.toFixed(3)
  return value.toFixed(unit === 'per 1,000' || unit === 'µs' ? 1 : 2)
}

const WHOLE: ReadonlySet<Unit> = new Set(['/s', 'MB', 'bytes', 'events', 'files'])

const suffix = (unit: Unit): string => (unit === '/s' ? unit : ` ${unit === 'x' ? '×' : unit}`)

const ms = (value: number): string => `${value.toFixed(2)} ms`
