import { BUSY_LOAD, type Report } from '../harness/harness.ts'
import {
  type ByProcess,
  type Constants,
  type Measured,
  measuredOf,
  POINT_RATES,
  PROCESSES,
  type ProcessName,
} from './constants.ts'
import {
  type Counts,
  costsOf,
  LIMITS,
  type Limit,
  PARTS,
  type PartName,
  predictedCores,
  sharesOf,
  storedOf,
  type Way,
} from './model.ts'
import { BUSY, type Demand, demandOfEvents, demandOfPlayers, type Plan, planOf } from './plan.ts'

/** What is rendered into docs/scale.md, by the name of its place there. */
export type Tables = Readonly<Record<'run' | 'million' | 'limits' | 'check' | 'plan', string>>

/** @throws when the report lacks a measurement */
export function tablesOf(report: Report): Tables {
  const measured = measuredOf(report.figures)
  return {
    run: runOf(report),
    million: millionTable(measured.constants),
    limits: limitsTable(measured.constants),
    check: checkTable(measured),
    plan: planTable(measured),
  }
}

/** When and where it was measured, and whatever a remark in bold warns of. */
function runOf({ date, machine, rounds, remarks }: Report): string {
  const { commit, cores, cpu, loadBefore } = machine
  const busy = loadBefore > BUSY_LOAD ? ', **with other work on them**' : ''
  const run = `Measured on ${date.slice(0, 10)}, commit ${commit ?? 'unknown'}, on ${cores} cores of ${cpu}${busy}; ${rounds} ${rounds === 1 ? 'round' : 'rounds'}.`
  return [run, ...remarks.filter((remark) => remark.startsWith('**'))].join('\n- ')
}

const LABELS: Readonly<Record<PartName, string>> = {
  api: 'API nodes',
  'postgres, books': 'PostgreSQL, books',
  relay: 'relay',
  quality: 'quality (split and enrich)',
  'postgres, analytics': 'PostgreSQL, analytics',
  kafka: 'Kafka, one copy',
  flink: 'Flink, TaskManagers',
  lake: 'lake',
}

const NONE: Counts = { events: 0, earns: 0, reads: 0, logins: 0 }
const MILLION = 1e6
const COLUMNS: readonly { readonly head: string; readonly counts: Counts; readonly way: Way }[] = [
  { head: 'events by the books', counts: { ...NONE, events: MILLION }, way: 'books' },
  { head: 'events straight to Kafka', counts: { ...NONE, events: MILLION }, way: 'kafka' },
  { head: 'earns', counts: { ...NONE, earns: MILLION }, way: 'books' },
  { head: 'balances', counts: { ...NONE, reads: MILLION }, way: 'books' },
  { head: 'guest logins', counts: { ...NONE, logins: MILLION }, way: 'books' },
]

function millionTable(c: Constants): string {
  const costs = COLUMNS.map(({ counts, way }) => costsOf(c, counts, way))
  const stored = COLUMNS.map(({ counts, way }) => storedOf(c, counts, way))
  const cells = (of: (index: number) => number) => COLUMNS.map((_, index) => short(of(index)))
  const network = (index: number): number =>
    PARTS.reduce((sum, part) => sum + (costs[index]?.[part].networkBytes ?? 0), 0)
  const disk = (key: keyof ReturnType<typeof storedOf>, label: string) => [
    `${label}, MB`,
    ...cells((index) => (stored[index]?.[key] ?? 0) / 1e6),
  ]
  return table(
    ['of a million', ...COLUMNS.map(({ head }) => head)],
    [
      ...PARTS.map((part) => [
        `${LABELS[part]}, CPU s`,
        ...cells((index) => costs[index]?.[part].cpuSeconds ?? 0),
      ]),
      ['all, CPU s', ...cells((index) => cpuOf(costs[index]))],
      ['through sockets, MB', ...cells((index) => network(index) / 1e6)],
      disk('wal', "PostgreSQL's write-ahead log"),
      disk('ledger', 'ledger and its log'),
      disk('log', 'log and ids of PostgreSQL'),
      disk('kafka', 'topics, one copy'),
      disk('lake', 'lake'),
    ],
  )
}

const cpuOf = (costs: ReturnType<typeof costsOf> | undefined): number =>
  PARTS.reduce((sum, part) => sum + (costs?.[part].cpuSeconds ?? 0), 0)

/** At how much in a second each thing of which there is one is busy all the time. */
function limitsTable(c: Constants): string {
  const full = (counts: Counts, way: Way, limit: Limit): string => {
    const share = sharesOf(c, counts, way)[limit]
    return share === 0 ? '–' : thousands(1 / share)
  }
  const [events, earns, logins] = [
    { ...NONE, events: 1 },
    { ...NONE, earns: 1 },
    { ...NONE, logins: 1 },
  ]
  return table(
    [
      ...['full at', 'earns/s', 'guest logins/s'],
      ...['events/s by the books', 'events/s straight to Kafka'],
    ],
    LIMITS.map((limit) => [
      ...[limit, full(earns, 'books', limit), full(logins, 'books', limit)],
      ...[full(events, 'books', limit), full(events, 'kafka', limit)],
    ]),
  )
}

const SHOWN: Readonly<Partial<Record<ProcessName, string>>> = {
  api: 'API node',
  postgres: 'PostgreSQL',
  kafka: 'Kafka broker',
  taskmanager: 'Flink TaskManager',
  jobmanager: 'Flink JobManager',
  gateway: 'Flink SQL Gateway',
}

/** It writes once a minute: only the first rate goes on for longer. */
const isTold = (name: ProcessName, rate: number): boolean =>
  name !== 'lake' || rate === POINT_RATES[0]

function checkTable({ constants, restCores, restMb, loadMb, points }: Measured): string {
  const heads = points.flatMap(({ eventsPerSecond }) => {
    const rate = `${thousands(eventsPerSecond)}/s`
    return [`${rate}: model`, `${rate}: measured`, 'error']
  })
  const row = (label: string, names: readonly ProcessName[]) => {
    const all = (of: ByProcess, at = names): number => at.reduce((sum, name) => sum + of[name], 0)
    return [
      ...[label, all(restCores).toFixed(3), all(restMb).toFixed(0), all(loadMb).toFixed(0)],
      ...points.flatMap(({ eventsPerSecond, cores }) => {
        const told = names.filter((name) => isTold(name, eventsPerSecond))
        if (told.length === 0) return ['–', '–', '–']
        const model = all(predictedCores(constants, restCores, eventsPerSecond), told)
        return [model.toFixed(3), all(cores, told).toFixed(3), errorOf(model, all(cores, told))]
      }),
    ]
  }
  return table(
    ['process', 'cores at rest', 'MB at rest', 'MB under load', ...heads],
    [...PROCESSES.map((name) => row(SHOWN[name] ?? name, [name])), row('all', PROCESSES)],
  )
}

/** Of the model, against what was measured. */
const errorOf = (model: number, measured: number): string => {
  const error = Math.round((model / measured - 1) * 100)
  return Number.isFinite(error)
    ? `${error > 0 ? '+' : error < 0 ? '−' : ''}${Math.abs(error)} %`
    : '–'
}

const DEMANDS: readonly Demand[] = [
  demandOfPlayers(1e6, 'books'),
  demandOfPlayers(10e6, 'kafka'),
  demandOfEvents(1e6, 'kafka'),
]

function planTable(measured: Measured): string {
  const plans = DEMANDS.map((demand) => planOf(measured, demand))
  const cells = (of: (plan: Plan, index: number) => string) => plans.map(of)
  const size = (of: (plan: Plan) => number) => cells((plan) => sizeOf(of(plan)))
  const peak = (of: (counts: Counts) => number) =>
    DEMANDS.map(({ atPeak }) => thousands(of(atPeak)))
  const part = (name: PartName) => [
    `${LABELS[name].replace('one copy', 'three copies')}: cores`,
    ...cells(({ parts }) => partCell(name, parts[name])),
  ]
  const shares = (limit: Limit) =>
    DEMANDS.map(({ atPeak, way }) => {
      const share = sharesOf(measured.constants, atPeak, way)[limit]
      return share === 0 ? '–' : `${Math.ceil(share * 100)} %`
    })
  return table(
    ['at the peak', ...DEMANDS.map(({ name }) => name)],
    [
      ['events go', ...DEMANDS.map(({ way }) => (way === 'books' ? 'by the books' : 'to Kafka'))],
      ['events/s', ...peak(({ events }) => events)],
      ['earns/s', ...peak(({ earns }) => earns)],
      ['balances/s', ...peak(({ reads }) => reads)],
      ['guest logins/s', ...peak(({ logins }) => logins)],
      ...PARTS.map(part),
      ['partitions of each topic', ...cells(({ partitions }) => String(partitions))],
      ...LIMITS.map((limit) => [`busy: ${limit}`, ...shares(limit)]),
      ['through sockets, a second', ...size(({ network }) => network)],
      ["PostgreSQL's write-ahead log a day", ...size(({ walPerDay }) => walPerDay)],
      ['ledger and its log, growth a day', ...size(({ ledgerPerDay }) => ledgerPerDay)],
      ['log and ids in PostgreSQL, 35 days', ...size(({ logKept }) => logKept)],
      ['topics, 7 days, three copies', ...size(({ kafkaKept }) => kafkaKept)],
      ['lake a day', ...size(({ lakePerDay }) => lakePerDay)],
      ['files of the lake a day', ...cells(({ lakeFilesPerDay }) => thousands(lakeFilesPerDay))],
    ],
  )
}

/** Of which there is one: what does not fit it, does not fit. */
const SINGLE: readonly PartName[] = ['relay', 'lake']

function partCell(name: PartName, { cores, processes, memoryMb }: Plan['parts'][PartName]): string {
  if (cores === 0) return '–'
  if (SINGLE.includes(name) && cores > 1) return `${short(cores)}: more than the one can`
  const planned = `${short(cores)} → ${SINGLE.includes(name) ? 1 : Math.ceil(cores / BUSY)}`
  if (processes === null || memoryMb === null) return planned
  return `${planned}, ${short(memoryMb / 1e3)} GB`
}

const thousands = (value: number): string => Math.round(value).toLocaleString('en-US')

/** Decimal units. */
function sizeOf(bytes: number): string {
  if (bytes === 0) return '–'
  if (bytes >= 1e12) return `${short(bytes / 1e12)} TB`
  return bytes >= 1e9 ? `${short(bytes / 1e9)} GB` : `${short(bytes / 1e6)} MB`
}

/** Two digits that tell, and no more than were measured. */
function short(value: number): string {
  if (value === 0) return '0'
  if (value >= 100) return thousands(Number(value.toPrecision(3)))
  return String(Number(value.toPrecision(2)))
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(head),
    line(head.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...rows.map(line),
  ].join('\n')
}
