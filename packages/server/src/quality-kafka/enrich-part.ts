import type { NewRecord, TopicNames } from '../kafka/kafka.ts'
import {
  type Apply,
  type EnrichedEvent,
  enrich,
  type InitOf,
  type PlayerInits,
} from '../quality/quality.ts'
import { type Rate, startOf, toUsdMicros } from '../windows/windows.ts'
import type { KeptRecord, KeptRejected } from './enriched-record.ts'
import type { PartOf, Stored } from './part.ts'
import { logRecordOf } from './split-record.ts'

export type EnrichWith = {
  readonly topics: TopicNames
  readonly apply: Apply
  readonly inits: Pick<PlayerInits, 'of' | 'offer'>
  readonly rateOf: (day: number, currency: string) => Rate | null
}

export type Enriching = {
  /** Of `events-by-player`. */
  readonly partition: number
  readonly offset: number
}

/** One event for one of its players, with all that its partition knows by now; null when rules refuse it. */
export function enrichPart(
  { topics, apply, inits, rateOf }: EnrichWith,
  { partition, offset }: Enriching,
  part: PartOf<'event'>,
): NewRecord | PartOf<'refused'> | null {
  const record = logRecordOf(part.stored, offset)
  // Only this player's `init` lies in this partition; the others have parts of their own.
  const initOf: InitOf = (app, id) => (id === part.player ? inits.of(app, id) : null)
  const verdict = enrich(record, initOf, apply)
  if (verdict.kind === 'ignored') return null
  if (verdict.kind === 'rejected') {
    const { reason, path } = verdict
    return { ...part, is: 'refused', refused: { reason, path, stage: 'quality' } }
  }
  if (part.part === 0 && verdict.init !== null && part.player !== null) {
    inits.offer(record.app, part.player, verdict.init)
  }
  const enriched = { ...flat(part, verdict.event, rateOf), from: [partition, offset] as const }
  return {
    ...{ topic: topics['events-enriched'], partition, timestamp: enriched.received_ms },
    ...{ key: `${record.app}\n${part.player ?? ''}`, value: JSON.stringify(enriched) },
  }
}

function flat(
  { raw, part, stored }: PartOf<'event'>,
  event: EnrichedEvent,
  rateOf: EnrichWith['rateOf'],
): Omit<KeptRecord, 'from'> {
  const active = event.players[part]
  const place = active ?? event
  const { purchase } = event
  return {
    event_id: event.event_id ?? '',
    part,
    app: event.app,
    event_type: event.event_type,
    ...(stored.label === undefined ? {} : { label: stored.label }),
    kind: event.kind,
    time_ms: event.corrected_at,
    // Late for its minute, as what comes only now.
    received_ms: stored.replayed_at ?? event.received_at,
    ...(stored.replayed_at === undefined ? {} : { arrived_ms: event.received_at }),
    user_id: active?.id ?? null,
    country_code: place.country_code,
    platform: place.platform,
    is_purchase: purchase !== null,
    currency: purchase?.currency ?? null,
    amount_micros: purchase?.amount_micros ?? null,
    revenue_usd_micros: purchase === null ? null : usdOf(purchase, event.corrected_at, rateOf),
    position: positionOf(raw),
    event: event.event,
    sdk: event.sdk,
    app_version: event.app_version,
    device_id: event.device_id,
    seq: event.seq,
    log_offset: stored.offset ?? null,
    player_id: event.player_id,
    flags: event.flags,
    country: place.country,
    product_id: purchase?.product_id ?? null,
    store: purchase?.store ?? null,
    transaction_id: purchase?.transaction_id ?? null,
  }
}

const usdOf = (
  { amount_micros, currency }: { readonly amount_micros: number; readonly currency: string },
  at: number,
  rateOf: EnrichWith['rateOf'],
): number | null =>
  currency === 'USD'
    ? amount_micros
    : toUsdMicros(amount_micros, rateOf(startOf('day', at), currency))

const positionOf = ([partition, offset]: readonly [number, number]): string =>
  `${partition}:${offset}`

type Stage = KeptRejected['stage']

function envelopeOf(stored: Stored): KeptRejected['log'] {
  const { event: _, fingerprint: __, replayed_at: ___, ...envelope } = stored
  return envelope
}

/** What goes to `events-rejected`. */
export function rejectedRecord(
  { topics }: Pick<EnrichWith, 'topics'>,
  { partition, offset }: Enriching,
  part: PartOf<'refused'> | PartOf<'foreign'>,
  stage: Stage = part.refused.stage,
): NewRecord {
  const { reason, path } = part.refused
  const said = part.is === 'refused' ? part.stored : { ...part, player_id: null, event: null }
  const rejected: KeptRejected = {
    ...{ position: positionOf(part.raw), app: said.app, event_id: said.event_id },
    ...{ event_type: said.event_type, player_id: said.player_id, reason, path, stage },
    ...{ received_ms: said.received_at, event: said.event },
    base64: part.is === 'foreign' ? part.base64 : null,
    from: [partition, offset],
    log: part.is === 'foreign' ? null : envelopeOf(part.stored),
  }
  return {
    ...{ topic: topics['events-rejected'], timestamp: said.received_at },
    ...{ key: `${said.app}\n${said.player_id ?? ''}`, value: JSON.stringify(rejected) },
  }
}
