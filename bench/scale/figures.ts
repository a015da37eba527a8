import { type Figure, spread } from '../harness/harness.ts'
import { BATCH_EVENTS } from './batches.ts'
import {
  CONSTANTS,
  type ConstantName,
  LAKE_FILES,
  loadMbOf,
  PROCESSES,
  pointOf,
  restCoresOf,
  restMbOf,
} from './constants.ts'
import type { FlinkResult } from './flink.ts'
import type { LiveResult } from './live.ts'
import { NODES, type NodesResult, type Turn } from './nodes.ts'
import type { StageCost, StagesResult } from './stages.ts'
import { HOLDERS } from './writer-watch.ts'

export type Results = {
  readonly nodes: NodesResult
  readonly stages: StagesResult
  readonly flink: FlinkResult
  readonly live: LiveResult
}

export const figuresOf = ({ nodes, stages, flink, live }: Results): readonly Figure[] => [
  ...rateFigures(nodes),
  ...stageFigures(stages),
  ...flinkFigures(flink),
  ...liveFigures(live),
  ...constantFigures({ nodes, stages, flink, live }),
]

const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
const percent = (share: number): string => `${Math.round(share * 100)} %`
const median = (turns: readonly Turn[], of: (turn: Turn) => number): number =>
  spread(turns.map(of)).median

function rateFigures({ turns, memory }: NodesResult): Figure[] {
  const nodes = (count: number) => `${count} API ${count === 1 ? 'process' : 'processes'}`
  const rate = (name: string, of: readonly Turn[], each: number): Figure => ({
    ...{ name, unit: '/s', ...spread(of.map(({ perSecond }) => perSecond * each)) },
    notes: notesOf(of),
  })
  const { earn1, earn2, earn3, batch1, batch2, batch3, read, login } = turns
  return [
    ...[earn1, earn2, earn3].map((of, index) => rate(`earns, ${nodes(index + 1)}`, of, 1)),
    ...[batch1, batch2, batch3].map((of, index) =>
      rate(`events in batches of 50, ${nodes(index + 1)}`, of, BATCH_EVENTS),
    ),
    rate('balances, 1 API process', read, 1),
    rate('guest logins, 1 API process', login, 1),
    ...NODES.map((name): Figure => {
      const { rest, load } = memory
      const notes = [`${whole(rest[name] ?? 0)} MB before any load`]
      return {
        name: `${name}: memory at full load`,
        unit: 'MB',
        ...spread([load[name] ?? 0]),
        notes,
      }
    }),
  ]
}

/** Of a request, be it an earn or a batch. */
function notesOf(turns: readonly Turn[]): readonly string[] {
  const of = (get: (turn: Turn) => number): number => median(turns, get)
  const by = HOLDERS.map((who) => `${who} ${percent(of(({ writer }) => writer.by[who]))}`)
  return [
    `µs of CPU a request: API ${of(({ us }) => us.api).toFixed(1)}, PostgreSQL ${of(({ us }) => us.postgres).toFixed(1)} (its log writer ${of(({ us }) => us.walwriter).toFixed(1)})`,
    `${whole(of((turn) => turn.commitsPerSecond))} commits/s of ${of((turn) => turn.writesPerCommit).toFixed(1)} writes`,
    `the one writer is held ${percent(of(({ writer }) => writer.held))} of the time (waits for: ${by.join(', ')}), ${of(({ writer }) => writer.waiting).toFixed(1)} others wait`,
    `${Math.max(...turns.map(({ writer }) => writer.connectionsMax))} connections`,
    `p95 ${of((turn) => turn.p95Ms).toFixed(1)} ms`,
  ]
}

function stageFigures({ books, direct }: StagesResult): Figure[] {
  const figure = (
    name: string,
    { perSecond, us, records }: Pick<StageCost, 'perSecond' | 'us' | 'records'>,
  ): Figure => ({
    ...{ name, unit: '/s', ...spread([perSecond]) },
    notes: [
      `µs of CPU a record: its own ${us.own.toFixed(1)}, PostgreSQL ${us.postgres.toFixed(1)}, broker ${us.broker.toFixed(1)}`,
      `${whole(1e6 / us.own)}/s of one core`,
      `${whole(records)} records`,
    ],
  })
  return [
    figure('relay, records', books.relay),
    figure('split, records', books.split),
    figure('enrich, records', books.enrich),
    {
      ...{ name: 'events straight to Kafka, 1 API process', unit: '/s' },
      ...spread([direct.ingest.perSecond]),
      notes: [`answered when the broker has them`],
    },
    figure('split of what came straight, records', direct.split),
    figure('enrich of what came straight, records', direct.enrich),
  ]
}

function flinkFigures({ perSecond, us, records, rows, embedded }: FlinkResult): Figure[] {
  const { quality = Number.NaN, windows = Number.NaN } = embedded.us
  return [
    {
      ...{ name: 'Flink: records per second, all cores', unit: '/s', ...spread([perSecond]) },
      notes: [`${whole(records)} records, from the start of the job until the last minute shows`],
    },
    {
      ...{ name: 'Flink: records per second of one core', unit: '/s' },
      ...spread([1e6 / us.taskManager]),
      notes: [`CPU of the TaskManager alone; ${whole(rows)} rows`],
    },
    {
      ...{ name: 'embedded windows: events per second of one core', unit: '/s' },
      ...spread([1e6 / windows]),
      notes: [`with quality ${whole(1e6 / (windows + quality))}`, `${whole(embedded.rssMb)} MB`],
    },
  ]
}

function liveFigures(live: LiveResult): Figure[] {
  const percentiles = (name: string, values: readonly number[], note: string): Figure[] =>
    [0.5, 0.95].map((share) => ({
      ...{ name: `${name}, p${share * 100}`, unit: 'ms', ...spread([at(values, share)]) },
      notes: [note],
    }))
  const lag = (name: string, values: readonly number[]) =>
    percentiles(
      `from the door to ${name} at 1,000 events/s`,
      values,
      `${whole(values.length)} records, max ${whole(at(values, 1))} ms`,
    )
  const { relay, split, enrich } = live.lagsMs
  return [
    ...[...lag('events-raw', relay), ...lag('events-by-player', split)],
    ...lag('events-enriched', enrich),
    ...percentiles(
      "from a minute's end to its row",
      live.freshnessMs,
      `${whole(live.freshnessMs.length)} rows of ${live.minutes} minutes; FLINK_GRACE_SEC=5, KAFKA_HEARTBEAT_SEC=1`,
    ),
  ]
}

function at(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
}

/** Of what only one round was made, `min` and `max` are the same. */
function constantFigures({ nodes, stages, flink, live }: Results): Figure[] {
  const values = constantsIn(nodes, stages, flink)
  const names = Object.keys(CONSTANTS) as ConstantName[]
  const single = (name: string, unit: Figure['unit'], value: number): Figure => ({
    ...{ name, unit, ...spread([value]), notes: [] },
  })
  return [
    ...names.map((key): Figure => {
      const { name, unit } = CONSTANTS[key]
      return { name, unit, ...spread(values[key]), notes: [] }
    }),
    single(LAKE_FILES, 'files', stages.lake.files),
    ...PROCESSES.flatMap((name) => [
      single(restCoresOf(name), 'cores', live.restCores[name]),
      single(restMbOf(name), 'MB', live.restMb[name]),
      single(loadMbOf(name), 'MB', live.loadMb[name]),
      ...live.points.map(({ eventsPerSecond, cores }) =>
        single(pointOf(eventsPerSecond, name), 'cores', cores[name]),
      ),
    ]),
  ]
}

/** Rounds of each. The one writer is told of by the most crowded turn. */
function constantsIn(
  { turns: { earn1, earn3, batch1, batch3, read, login } }: NodesResult,
  { books: { relay, split, enrich }, direct, lake }: StagesResult,
  flink: FlinkResult,
): Readonly<Record<ConstantName, readonly number[]>> {
  const each = (turns: readonly Turn[], get: (turn: Turn) => number, count = 1) =>
    turns.map((turn) => get(turn) / count)
  const held = ({ writer, perSecond }: Turn) => (writer.held * 1e6) / perSecond
  return {
    earnApiUs: each(earn1, ({ us }) => us.api),
    earnDbUs: each(earn1, ({ us }) => us.postgres),
    earnWriterUs: each(earn3, held),
    earnWalBytes: each(earn1, ({ walBytes }) => walBytes),
    earnTableBytes: each(earn1, ({ tableBytes }) => tableBytes),
    earnNetworkBytes: each(earn1, ({ networkBytes }) => networkBytes),
    readApiUs: each(read, ({ us }) => us.api),
    readDbUs: each(read, ({ us }) => us.postgres),
    readNetworkBytes: each(read, ({ networkBytes }) => networkBytes),
    loginApiUs: each(login, ({ us }) => us.api),
    loginDbUs: each(login, ({ us }) => us.postgres),
    loginWriterUs: each(login, held),
    loginNetworkBytes: each(login, ({ networkBytes }) => networkBytes),
    booksApiUs: each(batch1, ({ us }) => us.api, BATCH_EVENTS),
    booksDbUs: each(batch1, ({ us }) => us.postgres, BATCH_EVENTS),
    booksWriterUs: each(batch3, held, BATCH_EVENTS),
    booksWalBytes: each(batch1, ({ walBytes }) => walBytes, BATCH_EVENTS),
    booksTableBytes: each(batch1, ({ tableBytes }) => tableBytes, BATCH_EVENTS),
    booksNetworkBytes: each(batch1, ({ networkBytes }) => networkBytes, BATCH_EVENTS),
    directApiUs: [direct.ingest.us.own],
    directBrokerUs: [direct.ingest.us.broker],
    directNetworkBytes: [direct.ingest.networkBytes],
    directLogBytes: [direct.ingest.logBytes],
    relayUs: [relay.us.own],
    relayDbUs: [relay.us.postgres],
    relayBrokerUs: [relay.us.broker],
    relayNetworkBytes: [relay.networkBytes],
    relayLogBytes: [relay.logBytes],
    splitUs: [split.us.own],
    splitBrokerUs: [split.us.broker],
    splitNetworkBytes: [split.networkBytes],
    splitLogBytes: [split.logBytes],
    partsPerEvent: [split.written],
    enrichUs: [enrich.us.own],
    enrichDbUs: [enrich.us.postgres],
    enrichBrokerUs: [enrich.us.broker],
    enrichNetworkBytes: [enrich.networkBytes],
    enrichLogBytes: [enrich.logBytes],
    enrichWalBytes: [enrich.walBytes],
    enrichTableBytes: [enrich.tableBytes],
    directEnrichUs: [direct.enrich.us.own],
    directEnrichDbUs: [direct.enrich.us.postgres],
    directEnrichWalBytes: [direct.enrich.walBytes],
    directEnrichTableBytes: [direct.enrich.tableBytes],
    lakeUs: [lake.us.own],
    lakeBrokerUs: [lake.us.broker],
    lakeBytes: [lake.bytes],
    flinkUs: [flink.us.taskManager],
    flinkDbUs: [flink.us.postgres],
    flinkBrokerUs: [flink.us.broker],
    flinkNetworkBytes: [flink.networkBytes],
  }
}
