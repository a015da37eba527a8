import { VERDICT_CODES, type Verdict } from '@questline/contracts'
import type { KafkaWork } from '../kafka/kafka.ts'
import type { Metrics } from '../platform/platform.ts'
import { REASONS } from '../quality/quality.ts'
import type { FromPipeline } from './messages.ts'

// What every stage of the pipeline tells of its work, under the label `stage`; docs/operations.md
// explains each. All are there in every process, with values for the stages that it runs.

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120]
const EVENTS = [1, 10, 50, 100, 500, 1_000, 2_000, 5_000, 10_000, 50_000, 200_000, 1_000_000]

/** Of the log and of Kafka, by stage. */
export type Lags = ReadonlyMap<string, Lag>
export type Lag = { readonly events: number; readonly seconds: number }

/** Why an event may be refused; anything else would let clients make label values. */
const KNOWN_REASONS: ReadonlySet<string> = new Set([...REASONS, ...Object.keys(VERDICT_CODES)])
export const boundedReason = (reason: string): string =>
  KNOWN_REASONS.has(reason) ? reason : 'other'

/** @param lags how far each stage of this process is behind, when somebody asks */
export function measureStages(
  metrics: Metrics,
  onKafka: (work: KafkaWork) => void,
  lags: () => Promise<Lags>,
) {
  const behind = async (what: 'events' | 'seconds') =>
    [...(await lags())].map(([stage, lag]) => [stage, lag[what]] as const)
  metrics.gauges('stage_lag_events', 'What a stage has not taken yet.', 'stage', () =>
    behind('events'),
  )
  metrics.gauges('stage_lag_seconds', 'Age of the oldest of it.', 'stage', () => behind('seconds'))
  const held = new Map<string, number>()
  metrics.gauges('stage_lease_held', '1 in the process that does it.', 'stage', () => held)
  const measured = measureBatches(metrics)
  const reject = measureRejected(metrics)

  return (message: FromPipeline): void => {
    const { stage, kind } = message
    if (kind === 'batch') measured.batch(message)
    else if (kind === 'taken') measured.taken(stage, message.records)
    else if (kind === 'lease') held.set(stage, message.isHeld ? 1 : 0)
    else if (kind === 'rejected') reject(stage, message.reason, message.events)
    else if (kind === 'kafka') onKafka(message)
  }
}

function measureBatches(metrics: Metrics) {
  const taken = metrics.counters('stage_events_total', 'What a stage has taken.', ['stage'])
  const size = metrics.boundHistogram('stage_batch_events', 'Of one step.', ['stage'], EVENTS)
  const step = metrics.boundHistogram(
    'stage_step_seconds',
    'Duration of a step that took something.',
    ['stage'],
    SECONDS,
  )
  const commit = metrics.boundHistogram(
    'stage_commit_seconds',
    'Of that, the transaction at its end.',
    ['stage'],
    SECONDS,
  )
  const bound = new Map<string, readonly ((value: number) => void)[]>()
  const batch = ({ stage, events, ms, commitMs }: Extract<FromPipeline, { kind: 'batch' }>) => {
    const own = bound.get(stage) ?? [size([stage]), step([stage])]
    bound.set(stage, own)
    taken([stage], events)
    own[0]?.(events)
    own[1]?.(ms / 1_000)
    if (commitMs === null) return
    const ofCommit = bound.get(`${stage} commit`) ?? [commit([stage])]
    bound.set(`${stage} commit`, ofCommit)
    ofCommit[0]?.(commitMs / 1_000)
  }
  return { batch, taken: (stage: string, events: number) => taken([stage], events) }
}

function measureRejected(metrics: Metrics) {
  const count = metrics.counters('stage_rejected_total', 'Events refused, by reason.', [
    'stage',
    'reason',
  ])
  return (stage: string, reason: string, events: number): void =>
    count([stage, boundedReason(reason)], events)
}

/**
 * What becomes of the events of games at the door. One count for each kind of verdict in a request, and
 * nothing for an event alone.
 */
export function measureVerdicts(metrics: Metrics): (verdicts: readonly Verdict[]) => void {
  const count = metrics.counters(
    'ingest_events_total',
    'Events of games, by what became of them and why.',
    ['outcome', 'reason'],
  )
  return (verdicts) => {
    let accepted = 0
    for (const { status, code } of verdicts) {
      if (status === 'accepted' && code === undefined) accepted += 1
      else count([status, code ?? ''])
    }
    if (accepted > 0) count(['accepted', ''], accepted)
  }
}

/** What the lake holds, as its manifest says, which is read when somebody asks. */
export function measureLake(metrics: Metrics, topics: () => Promise<readonly LakeTopic[]>): void {
  const each = async (what: 'files' | 'bytes') =>
    (await topics().catch(() => [])).map((of) => [of.topic, of[what]] as const)
  metrics.gauges('lake_files', 'Files of the lake.', 'topic', () => each('files'))
  metrics.gauges('lake_bytes', 'Bytes of its files.', 'topic', () => each('bytes'))
}
type LakeTopic = { readonly topic: string; readonly files: number; readonly bytes: number }

/** What this process asks of Kafka. */
export function measureKafka(metrics: Metrics) {
  const records = metrics.counters('kafka_records_total', 'Records written and read.', ['does'])
  const errors = metrics.counters('kafka_errors_total', 'Requests that failed.', ['does'])
  const seconds = metrics.histogram(
    'kafka_produce_seconds',
    'Until all brokers have acknowledged a request.',
    SECONDS,
  )
  return ({ does, records: more, ms, isFailed }: KafkaWork): void => {
    if (isFailed) errors([does])
    else if (does !== 'other') records([does], more)
    if (!isFailed && does === 'produce') seconds(ms / 1_000)
  }
}
