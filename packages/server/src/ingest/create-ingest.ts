import { ProblemError, type Verdict } from '@questline/contracts'
import { type Delivery, type NewGameEvents, type Outcome, RECORD_GAME_EVENTS } from '../log/log.ts'
import type { Writer } from '../store/store.ts'
import type { Tracing } from '../tracing/tracing.ts'
import { ageOf, correctClock, type Monotonic } from './clock.ts'
import { createFamilyChecks } from './family-checks.ts'
import { createInstants } from './instants.ts'
import { type Door, isFields, type Judged, judge, type Refused, type Sent } from './judge.ts'
import { createQueue, type QueueSettings } from './queue.ts'
import { elementsOf, likeObjectsOf, memberAt } from './slices.ts'
import { maySeemFaulty } from './text-fault.ts'

/** What the headers of a request say of all its events. */
export type Arrival = Omit<Delivery, 'source'> & {
  /** The clock of the events' `monotonic`, read at this attempt. */
  readonly monotonic: Monotonic | null
}

export type Ingest = {
  /**
   * Refuses what would only wait, before its body is read.
   * @throws ProblemError `overloaded`
   */
  admit(): void
  /**
   * Logs the events of a batch and gives a verdict for each, in their order, once they are on disk.
   * @param body its JSON; `text` the same as it came
   */
  batch(
    arrival: Arrival,
    body: { readonly events: readonly unknown[] },
    text: string,
  ): Promise<Verdict[]>
  /** Logs the one event that a body is; `eventType` is what it is when it does not say. */
  single(arrival: Arrival, body: unknown, text: string, eventType: string): Promise<Verdict>
  /** What waits for a commit. */
  waiting(): { readonly events: number; readonly bytes: number }
}

const SOURCE = 'http'

type JudgedBatch = {
  readonly judged: readonly Judged[]
  readonly arrived: Omit<NewGameEvents, 'progress'>
}

/** What became of the events, in their order, once nothing can lose them. */
export type RecordEvents = (arrived: NewGameEvents) => Promise<readonly Outcome[]>

export type IngestParts = {
  readonly writer: Writer
  /** In place of the books. */
  readonly record?: RecordEvents
  /** Takes the verdicts of each request. */
  readonly onVerdicts?: (verdicts: readonly Verdict[]) => void
  /** Null when off. */
  readonly tracing?: Pick<Tracing, 'begin'> | null
}

const intoBooks =
  (writer: Writer): RecordEvents =>
  (arrived) =>
    writer.submit(RECORD_GAME_EVENTS, arrived)

export function createIngest(parts: IngestParts, settings: QueueSettings): Ingest {
  const { onVerdicts = () => undefined } = parts
  const traced = createTraced(parts.tracing ?? null)
  const record = parts.record ?? intoBooks(parts.writer)
  const instants = createInstants()
  const checks = createFamilyChecks(instants, 'wire')
  const queue = createQueue(settings)

  const doorFor = (arrival: Arrival, text: string): Omit<Door, 'only'> => ({
    ...{ app: arrival.app, checks, instants, isSuspicious: maySeemFaulty(text) },
    correct: (occurredAt, event) =>
      correctClock({
        ...{ occurredAt, sentAt: arrival.sentAt, receivedAt: arrival.receivedAt },
        age: ageOf(event['monotonic'], arrival.monotonic),
      }),
  })

  const judgeAll = (
    arrival: Arrival,
    all: readonly Sent[],
    text: string,
    only: string | null,
  ): JudgedBatch => {
    const door = { ...doorFor(arrival, text), only }
    const judged = all.map((sent) => judge(door, sent))
    const events = judged.flatMap((each) => (each.kind === 'passed' ? [each.event] : []))
    const refused = judged.flatMap((each, index) =>
      each.kind === 'refused' ? [refusalOf(each, all[index]?.text ?? '')] : [],
    )
    const { monotonic: _, ...said } = arrival
    return { judged, arrived: { delivery: { ...said, source: SOURCE }, events, refused } }
  }

  const commit = async ({ judged, arrived }: JudgedBatch): Promise<Verdict[]> => {
    const outcomes = await traced(arrived.delivery, arrived.events.length, (delivery) =>
      record({ ...arrived, delivery, progress: null }),
    )
    return verdictsOf(judged, outcomes)
  }

  /** No async function: while the commit is waited for, nothing holds what the events say. */
  const accept = (
    arrival: Arrival,
    all: readonly Sent[],
    text: string,
    only: string | null,
  ): Promise<Verdict[]> => {
    const release = queue.take(all.length, text.length)
    if (release === null)
      return Promise.resolve(all.map(({ json }) => ({ ...idOf(json), ...BUSY })))
    try {
      return commit(judgeAll(arrival, all, text, only)).finally(release)
    } catch (error) {
      release()
      throw error
    }
  }

  const counted = async (judging: Promise<Verdict[]>): Promise<Verdict[]> => {
    const verdicts = await judging
    onVerdicts(verdicts)
    return verdicts
  }

  return {
    admit() {
      if (queue.isFull()) throw new ProblemError('overloaded', { retryAfter: 1 })
    },
    batch: (arrival, { events }, text) =>
      counted(accept(arrival, sentIn(events, text), text, null)),
    async single(arrival, body, text, eventType) {
      const isUntyped = isFields(body) && body['event_type'] === undefined
      const json = isUntyped ? { ...body, event_type: eventType } : body
      const sent = [{ json, text, line: null }]
      const [verdict] = await counted(accept(arrival, sent, text, eventType))
      if (!verdict) throw new Error('an event got no verdict')
      return verdict
    },
    waiting: queue.waiting,
  }
}

/** What goes with the events is the span of their commit: all that follows hangs below it. */
function createTraced(tracing: Pick<Tracing, 'begin'> | null) {
  return async <T>(
    delivery: Delivery,
    events: number,
    work: (delivery: Delivery) => Promise<T>,
  ): Promise<T> => {
    const { trace: parent, requestId, ...rest } = delivery
    if (tracing === null || parent === undefined) return work(delivery)
    const span = tracing.begin('commit', parent, { 'questline.events': events })
    try {
      const own = span.traceparent === null ? {} : { trace: span.traceparent }
      return await work({ ...rest, requestId, ...own })
    } finally {
      span.end()
    }
  }
}

const BUSY = { status: 'retry', code: 'busy' } as const

/** As nearly all write it: nothing but the list, which begins after this. */
const PLAIN_START = /^\s*\{\s*"events"\s*:\s*(?=\[)/
const PLAIN_END = /^\s*\}\s*$/

/** Each event beside its own text. */
function sentIn(events: readonly unknown[], text: string): Sent[] {
  const slices = slicesIn(text, events.length)
  if (slices.length !== events.length * 2)
    throw new Error('the events and their texts differ in number')
  return events.map((json, index) => ({
    ...{ json, line: null },
    text: text.slice(slices[index * 2], slices[index * 2 + 1]),
  }))
}

function slicesIn(text: string, count: number): readonly number[] {
  const start = PLAIN_START.exec(text)?.[0].length
  if (start !== undefined) {
    const { slices, end } = likeObjectsOf(text, start, count) ?? elementsOf(text, start)
    if (PLAIN_END.test(text.slice(end))) return slices
  }
  return elementsOf(text, memberAt(text, 'events')).slices
}

const refusalOf = ({ sentId, eventType, code, path }: Refused, text: string) => ({
  ...{ eventId: sentId, eventType, reason: code, path, line: null },
  raw: Buffer.from(text),
})

function idOf(json: unknown): Pick<Verdict, 'event_id'> {
  const id = isFields(json) ? json['event_id'] : null
  return { event_id: typeof id === 'string' ? id : null }
}

function verdictsOf(judged: readonly Judged[], outcomes: readonly Outcome[]): Verdict[] {
  let next = 0
  return judged.map((each): Verdict => {
    if (each.kind === 'refused') {
      const { sentId: event_id, code, path } = each
      return { event_id, status: 'rejected', code, ...(path === null ? {} : { path }) }
    }
    const outcome = outcomes[next]
    next += 1
    if (!outcome) throw new Error('an event got no outcome')
    return verdictOf(each, outcome)
  })
}

function verdictOf(
  { sentId: event_id, unknownField: path }: Extract<Judged, { kind: 'passed' }>,
  outcome: Outcome,
): Verdict {
  switch (outcome.kind) {
    case 'accepted':
      if (path === null) return { event_id, status: 'accepted' }
      return { event_id, status: 'accepted', code: 'unknown-field', path }
    case 'duplicate':
      if (!outcome.byTransaction) return { event_id, status: 'duplicate' }
      return { event_id, status: 'duplicate', code: 'transaction-duplicate' }
    case 'conflict': {
      const code = outcome.byTransaction ? 'transaction-conflict' : 'event-id-conflict'
      return { event_id, status: 'conflict', code }
    }
  }
}
