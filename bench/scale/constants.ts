import type { Figure } from '../harness/harness.ts'

/**
 * What the model of capacity is built from, by the names under which bench/scale reports it. All are
 * per item at full load: microseconds of CPU and bytes.
 */
export const CONSTANTS = {
  earnApiUs: { name: 'earn: API node', unit: 'µs' },
  earnDbUs: { name: 'earn: PostgreSQL', unit: 'µs' },
  earnWriterUs: { name: 'earn: time that the one writer is held', unit: 'µs' },
  earnWalBytes: { name: 'earn: write-ahead log', unit: 'bytes' },
  earnTableBytes: { name: 'earn: tables and indexes', unit: 'bytes' },
  earnNetworkBytes: { name: 'earn: through the API node', unit: 'bytes' },
  readApiUs: { name: 'balance: API node', unit: 'µs' },
  readDbUs: { name: 'balance: PostgreSQL', unit: 'µs' },
  readNetworkBytes: { name: 'balance: through the API node', unit: 'bytes' },
  loginApiUs: { name: 'guest login: API node', unit: 'µs' },
  loginDbUs: { name: 'guest login: PostgreSQL', unit: 'µs' },
  loginWriterUs: { name: 'guest login: time that the one writer is held', unit: 'µs' },
  loginNetworkBytes: { name: 'guest login: through the API node', unit: 'bytes' },
  booksApiUs: { name: 'event into the books: API node', unit: 'µs' },
  booksDbUs: { name: 'event into the books: PostgreSQL', unit: 'µs' },
  booksWriterUs: { name: 'event into the books: time that the one writer is held', unit: 'µs' },
  booksWalBytes: { name: 'event into the books: write-ahead log', unit: 'bytes' },
  booksTableBytes: { name: 'event into the books: tables and indexes', unit: 'bytes' },
  booksNetworkBytes: { name: 'event into the books: through the API node', unit: 'bytes' },
  directApiUs: { name: 'event straight to Kafka: API node', unit: 'µs' },
  directBrokerUs: { name: 'event straight to Kafka: broker', unit: 'µs' },
  directNetworkBytes: { name: 'event straight to Kafka: through the API node', unit: 'bytes' },
  directLogBytes: { name: 'event straight to Kafka: events-raw', unit: 'bytes' },
  relayUs: { name: 'relay: process', unit: 'µs' },
  relayDbUs: { name: 'relay: PostgreSQL', unit: 'µs' },
  relayBrokerUs: { name: 'relay: broker', unit: 'µs' },
  relayNetworkBytes: { name: 'relay: through the process', unit: 'bytes' },
  relayLogBytes: { name: 'relay: events-raw', unit: 'bytes' },
  splitUs: { name: 'split: process', unit: 'µs' },
  splitBrokerUs: { name: 'split: broker', unit: 'µs' },
  splitNetworkBytes: { name: 'split: through the process', unit: 'bytes' },
  splitLogBytes: { name: 'split: events-by-player', unit: 'bytes' },
  partsPerEvent: { name: 'split: records by player for each event', unit: 'x' },
  enrichUs: { name: 'enrich: process', unit: 'µs' },
  enrichDbUs: { name: 'enrich: PostgreSQL', unit: 'µs' },
  enrichBrokerUs: { name: 'enrich: broker', unit: 'µs' },
  enrichNetworkBytes: { name: 'enrich: through the process', unit: 'bytes' },
  enrichLogBytes: { name: 'enrich: events-enriched', unit: 'bytes' },
  enrichWalBytes: { name: 'enrich: write-ahead log', unit: 'bytes' },
  enrichTableBytes: { name: 'enrich: tables and indexes', unit: 'bytes' },
  directEnrichUs: { name: 'enrich of what came straight: process', unit: 'µs' },
  directEnrichDbUs: { name: 'enrich of what came straight: PostgreSQL', unit: 'µs' },
  directEnrichWalBytes: { name: 'enrich of what came straight: write-ahead log', unit: 'bytes' },
  directEnrichTableBytes: {
    name: 'enrich of what came straight: tables and indexes',
    unit: 'bytes',
  },
  lakeUs: { name: 'lake: process', unit: 'µs' },
  lakeBrokerUs: { name: 'lake: broker', unit: 'µs' },
  lakeBytes: { name: 'lake: Parquet', unit: 'bytes' },
  flinkUs: { name: 'Flink: TaskManager', unit: 'µs' },
  flinkDbUs: { name: 'Flink: PostgreSQL', unit: 'µs' },
  flinkBrokerUs: { name: 'Flink: broker', unit: 'µs' },
  flinkNetworkBytes: { name: 'Flink: through the TaskManager', unit: 'bytes' },
} as const satisfies Readonly<Record<string, Pick<Figure, 'name' | 'unit'>>>

export type ConstantName = keyof typeof CONSTANTS
export type Constants = Readonly<Record<ConstantName, number>>

/** Processes whose rest and load are reported, in the order of their work. */
export const PROCESSES = [
  ...(['api', 'postgres', 'relay', 'quality', 'lake', 'kafka'] as const),
  ...(['taskmanager', 'jobmanager', 'gateway'] as const),
]
export type ProcessName = (typeof PROCESSES)[number]
export type ByProcess = Readonly<Record<ProcessName, number>>

/** Cores and megabytes of each process, at rest and while events come at a fixed rate. */
export type Point = { readonly eventsPerSecond: number; readonly cores: ByProcess }
export type Measured = {
  readonly constants: Constants
  readonly restCores: ByProcess
  readonly restMb: ByProcess
  readonly loadMb: ByProcess
  readonly points: readonly Point[]
  /** Files of the lake that one batch makes. */
  readonly lakeFiles: number
}

export const POINT_RATES = [1_000, 3_000] as const
export const restCoresOf = (name: ProcessName): string => `at rest: ${name}, cores`
export const restMbOf = (name: ProcessName): string => `at rest: ${name}, memory`
export const loadMbOf = (name: ProcessName): string => `under load: ${name}, memory`
export const pointOf = (rate: number, name: ProcessName): string =>
  `at ${rate.toLocaleString('en-US')} events/s: ${name}, cores`
export const LAKE_FILES = 'lake: files of a batch'

type NamedFigure = { readonly name: string; readonly median: number }

/**
 * The constants out of a report.
 * @throws when the report has one of them not
 */
export function measuredOf(figures: readonly NamedFigure[]): Measured {
  const byName = new Map(figures.map(({ name, median }) => [name, median]))
  const read = (name: string): number => {
    const value = byName.get(name)
    if (value === undefined || !Number.isFinite(value)) throw new Error(`nothing tells "${name}"`)
    return value
  }
  return {
    constants: record(Object.keys(CONSTANTS) as ConstantName[], (key) => read(CONSTANTS[key].name)),
    restCores: record(PROCESSES, (name) => read(restCoresOf(name))),
    restMb: record(PROCESSES, (name) => read(restMbOf(name))),
    loadMb: record(PROCESSES, (name) => read(loadMbOf(name))),
    points: POINT_RATES.map((eventsPerSecond) => ({
      eventsPerSecond,
      cores: record(PROCESSES, (name) => read(pointOf(eventsPerSecond, name))),
    })),
    lakeFiles: read(LAKE_FILES),
  }
}

export const record = <Name extends string, Value>(
  names: readonly Name[],
  read: (name: Name) => Value,
): Readonly<Record<Name, Value>> =>
  Object.fromEntries(names.map((name) => [name, read(name)])) as Record<Name, Value>
