import type { ServerEventType } from '@questline/contracts'
import type { Consumer } from '../analytics/analytics.ts'
import type { LogPage, LogRecord } from '../log/log.ts'
import type { Read, Tx } from '../store/store.ts'
import { createCounting } from './counts.ts'
import { type Enriched, enrich } from './enrich.ts'
import {
  dropEnriched,
  type EnrichedPage,
  type EnrichedPages,
  writeEnriched,
} from './enriched-batches.ts'
import type { EnrichedEvent } from './enriched-event.ts'
import { fixedRecord } from './judge-replay.ts'
import { createPlayerInits, type PlayerInits } from './player-inits.ts'
import { findRejected, markReplayed, type NewRejected, writeRejected } from './rejected.ts'
import { compileRules, isFields, RULES, type Rule } from './rules.ts'

/** What the server logs when somebody replays a rejected event. */
export const REPLAY_EVENT_TYPE = 'event_replay' satisfies ServerEventType

export type QualityParts = {
  /** Events as they were sent, by their offsets, for the raw bytes of what is rejected. */
  readonly rawEvents: (first: number, last: number) => Promise<ReadonlyMap<number, Buffer>>
  /** What follows an offset of the log. */
  readonly nextPage: (after: number, events: number) => Promise<LogPage | null>
  readonly pages: EnrichedPages
  /** How many events of a batch that is on disk were refused, for each reason. */
  readonly onRejected?: (reason: string, events: number) => void
}

export type QualitySettings = {
  /** The studio's own rules, which come after ours. */
  readonly rules: readonly Rule[]
  /** Whether batches that all consumers have are dropped. */
  readonly drops: boolean
}

/** What one batch of the log comes to. */
type Outcome = {
  readonly events: EnrichedEvent[]
  readonly rejected: (Omit<NewRejected, 'raw'> & { readonly raw: Uint8Array | null })[]
  readonly counting: ReturnType<typeof createCounting>
  readonly reasons: Map<string, number>
}

/** The consumer that makes enriched or rejected events of the log. */
export function createQuality(parts: QualityParts, settings: QualitySettings): Consumer<LogPage> {
  const { rawEvents, nextPage, pages, onRejected = () => undefined } = parts
  const apply = compileRules([...RULES, ...settings.rules])
  const inits = createPlayerInits()

  const judge = (record: LogRecord): Enriched => enrich(record, inits.of, apply)

  const take = (outcome: Outcome, record: LogRecord, raw: Uint8Array | null): boolean => {
    const verdict = judge(record)
    if (verdict.kind === 'enriched') {
      outcome.events.push(verdict.event)
      const [player] = verdict.event.players
      if (verdict.init !== null && player) inits.offer(record.app, player.id, verdict.init)
    } else if (verdict.kind === 'rejected') {
      const { reason, path } = verdict
      outcome.rejected.push({ record, raw, reason, path })
      outcome.reasons.set(reason, (outcome.reasons.get(reason) ?? 0) + 1)
    }
    return verdict.kind === 'enriched'
  }

  /** In the place of the rejected event, at the offset of its replay. */
  const replay = async (tx: Tx, outcome: Outcome, record: LogRecord): Promise<void> => {
    const { of, event } = isFields(record.event) ? record.event : {}
    const before = typeof of === 'number' ? await findRejected(inside(tx), of) : null
    // Rules may have changed before a rebuild: what was not rejected this time has its place already.
    if (before === null || !(await markReplayed(tx, before.offset, record.offset))) return
    const fixed = fixedRecord(before, event, record.offset)
    wantPlayers(inits, fixed)
    await inits.load(tx)
    const isGood = take(outcome, fixed, Buffer.from(JSON.stringify(event) ?? 'null'))
    if (isGood) outcome.counting.add(fixed.app, fixed.receivedAt, 1, -1)
  }

  let made: EnrichedPage | null = null
  let refused: ReadonlyMap<string, number> = new Map()

  return {
    name: 'quality',
    source: 'log',
    next: nextPage,
    async apply(tx, page) {
      const reasons = new Map<string, number>()
      const outcome: Outcome = { events: [], rejected: [], counting: createCounting(), reasons }
      for (const record of page.records) wantPlayers(inits, record)
      await inits.load(tx)
      for (const record of page.records) {
        if (record.eventType === REPLAY_EVENT_TYPE && record.kind === 'server') {
          await flushRejected(tx, rawEvents, outcome)
          await replay(tx, outcome, record)
          continue
        }
        const isGood = take(outcome, record, null)
        if (record.kind === 'game') {
          outcome.counting.add(record.app, record.receivedAt, isGood ? 1 : 0, isGood ? 0 : 1)
        }
      }
      await flushRejected(tx, rawEvents, outcome)
      await inits.keep(tx)
      await outcome.counting.write(tx)
      const enriched = { first: page.first, last: page.last, events: outcome.events }
      await writeEnriched(tx, enriched)
      if (settings.drops) await dropEnriched(tx)
      made = enriched
      refused = reasons
    },
    committed() {
      if (made !== null) pages.remember(made)
      made = null
      for (const [reason, events] of refused) onRejected(reason, events)
    },
    forget() {
      inits.forget()
      pages.forget()
      made = null
    },
  }
}

/** Reads what this very transaction has written. */
const inside =
  (tx: Tx): Read =>
  (statement, values) =>
    tx.run(statement, [values])

/** Everybody whose `init` may be asked for when the event is judged. */
function wantPlayers(inits: PlayerInits, { app, kind, playerId, event }: LogRecord): void {
  if (playerId !== null) inits.want(app, playerId)
  if (kind !== 'game' || !isFields(event)) return
  for (const name of ID_FIELDS) {
    const id = event[name]
    if (typeof id === 'string' || typeof id === 'number') inits.want(app, String(id))
  }
}

const ID_FIELDS = ['player_id', 'user-id', 'user-a', 'user-b'] as const

/** The bytes are looked up once for all: a batch of the log is scanned only when one was rejected. */
async function flushRejected(
  tx: Tx,
  rawEvents: QualityParts['rawEvents'],
  { rejected }: Outcome,
): Promise<void> {
  const missing = rejected.flatMap(({ raw, record }) => (raw === null ? [record.offset] : []))
  const found =
    missing.length === 0
      ? new Map<number, Buffer>()
      : await rawEvents(Math.min(...missing), Math.max(...missing))
  await writeRejected(
    tx,
    rejected.map((each) => ({ ...each, raw: each.raw ?? rawOf(found, each.record) })),
  )
  rejected.length = 0
}

function rawOf(found: ReadonlyMap<number, Buffer>, { offset }: LogRecord): Uint8Array {
  const raw = found.get(offset)
  if (!raw) throw new Error(`the log has no bytes of the event at ${offset}`)
  return raw
}
