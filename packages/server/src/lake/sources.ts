import { logTexts, splitObjects } from '../log/log.ts'
import { nextEnriched, type RejectedWithBytes, rejectedBetween } from '../quality/quality.ts'
import type { Read } from '../store/store.ts'
import type { Offsets, TOPICS } from './manifest.ts'
import type { TextRow } from './staged-rows.ts'

/** Rows of `head` and `event` of the offsets of a batch, in their order, some thousand at a time. */
export type Source = (offsets: Offsets) => AsyncIterable<readonly TextRow[]>

/** As texts these take a megabyte or two. */
const PAGE_OFFSETS = 2_000

/** Everything in the log, whatever became of it. */
export const rawSource = (readBooks: Read): Source =>
  async function* ({ first, last }) {
    for (let after = first - 1; after < last; after += PAGE_OFFSETS) {
      const texts = await logTexts(readBooks, after, Math.min(last, after + PAGE_OFFSETS))
      yield texts.map(({ head, event }) => [head, event])
    }
  }

/** What quality has let through. A batch of it may begin before and end after those asked for. */
const enrichedSource = (readAnalytics: Read): Source =>
  async function* ({ first, last }) {
    for (let after = first - 1; after < last; ) {
      const batch = await nextEnriched(readAnalytics, after)
      if (batch === null) throw new Error(`quality has not written what follows ${after}`)
      const rows = splitObjects(batch.text, null).map(enrichedRow)
      const isInside = batch.first >= first && batch.last <= last
      yield isInside ? rows : rows.filter(([head]) => isBetween(head, first, last))
      after = batch.last
    }
  }

const AFTER = ',"event":'
const BEFORE = ',"sdk":'

/**
 * The event stands in the midst of what quality says of it. No member before it has one of that name,
 * and after the last `sdk` come only texts, in which each quote has a backslash before it.
 */
function enrichedRow(piece: string): TextRow {
  const start = piece.indexOf(AFTER)
  const end = piece.lastIndexOf(BEFORE)
  return [piece.slice(0, start) + piece.slice(end), piece.slice(start + AFTER.length, end)]
}

function isBetween(head: string, first: number, last: number): boolean {
  const offset = Number(/\d+/.exec(head)?.[0])
  return offset >= first && offset <= last
}

/** What quality has refused, as it was sent. */
const rejectedSource = (readAnalytics: Read): Source =>
  async function* ({ first, last }) {
    for (let after = first - 1; after < last; after += PAGE_OFFSETS) {
      const until = Math.min(last, after + PAGE_OFFSETS)
      yield (await rejectedBetween(readAnalytics, after, until)).map(rejectedRow)
    }
  }

function rejectedRow({ offset, reason, path, stage, envelope, raw }: RejectedWithBytes): TextRow {
  const head = {
    ...{ offset, kind: envelope.kind, app: envelope.app, event_id: envelope.eventId },
    ...{ event_type: envelope.eventType, player_id: envelope.playerId },
    ...{ occurred_at: envelope.occurredAt, sent_at: envelope.sentAt },
    ...{ received_at: envelope.receivedAt, corrected_at: envelope.correctedAt },
    ...{ flags: envelope.flags, sdk: envelope.sdk, source: envelope.source, reason, path, stage },
  }
  return [JSON.stringify(head), Buffer.from(raw).toString()]
}

export type Sources = Readonly<Record<(typeof TOPICS)[number], Source>>

export const createSources = (readBooks: Read, readAnalytics: Read): Sources => ({
  'events-raw': rawSource(readBooks),
  'events-enriched': enrichedSource(readAnalytics),
  'events-rejected': rejectedSource(readAnalytics),
})

async function* nothing(): AsyncIterable<readonly TextRow[]> {}

/** Where quality works on Kafka: what it makes of the log comes from there. */
export const createRawSources = (readBooks: Read): Sources => ({
  'events-raw': rawSource(readBooks),
  'events-enriched': nothing,
  'events-rejected': nothing,
})
