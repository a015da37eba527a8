import type { LogRecord } from '../log/log.ts'
import { type Country, countryOf, UNKNOWN, UNKNOWN_COUNTRY } from './countries.ts'
import type { ActivePlayer, EnrichedEvent, EnrichedPurchase } from './enriched-event.ts'
import { microsOf } from './micros.ts'
import { type Apply, type Fields, isFields, type Refusal } from './rules.ts'

/** What a player's newest `init` said. */
export type Init = {
  readonly correctedAt: number
  readonly offset: number
  readonly countryCode: string
  readonly platform: string
}

/** The newest `init` of a player among the offsets before this one; null when there was none. */
export type InitOf = (app: string, playerId: string) => Init | null

export type Enriched =
  | { readonly kind: 'enriched'; readonly event: EnrichedEvent; readonly init: Init | null }
  | ({ readonly kind: 'rejected' } & Refusal)
  /** A postback: the other side of reconciliation, which counts nowhere here. */
  | { readonly kind: 'ignored' }

const IGNORED = { kind: 'ignored' } as const
const NOBODY: readonly ActivePlayer[] = []

/**
 * Raw to enriched, or rejected with the reason. Total: whatever lies in the log gets one of the
 * three, and the same log gives the same answers. The fields of a game event are copied, not changed.
 */
export function enrich(record: LogRecord, initOf: InitOf, apply: Apply): Enriched {
  if (record.kind === 'game') return enrichGame(record, initOf, apply)
  if (record.kind === 'server' && record.eventType.toLowerCase().startsWith('af_')) return IGNORED
  const player = record.playerId === null ? null : attributed(record, record.playerId, initOf)
  // What the server logs itself makes nobody active.
  const players = record.kind === 'free' && player ? [player] : NOBODY
  return {
    kind: 'enriched',
    init: null,
    event: toEvent(record, player, players, null, record.event),
  }
}

function enrichGame(record: LogRecord, initOf: InitOf, apply: Apply): Enriched {
  if (!isFields(record.event)) return { kind: 'rejected', reason: 'no-object', path: '' }
  const fields = copied(record.event)
  const refusal = apply(record.eventType, fields)
  if (refusal) return { kind: 'rejected', ...refusal }

  const purchase = PURCHASES.get(record.eventType)?.(fields) ?? null
  if (purchase !== null && 'reason' in purchase) return { kind: 'rejected', ...purchase }

  const players = playersOf(record, fields, initOf)
  const sender = players[0] ?? placed(record, '', fields['platform'], fields, initOf)
  const event = toEvent(record, sender, players, purchase, fields)
  const traced = record.trace === undefined ? event : { ...event, trace: record.trace }
  return { kind: 'enriched', event: traced, init: initFrom(record, event) }
}

/** Nested blocks that rules change are copied too; what they do not change is shared. */
function copied(event: Fields): Fields {
  const fields = { ...event }
  for (const name in fields) {
    const value = fields[name]
    if (isFields(value)) fields[name] = { ...value }
  }
  return fields
}

function toEvent(
  record: LogRecord,
  sender: Omit<ActivePlayer, 'id'> | null,
  players: readonly ActivePlayer[],
  purchase: EnrichedPurchase | null,
  event: unknown,
): EnrichedEvent {
  const fields = isFields(event) && record.kind === 'game' ? event : NO_FIELDS
  return {
    offset: record.offset,
    kind: record.kind,
    app: record.app,
    event_id: record.eventId,
    event_type: record.eventType,
    player_id: record.playerId,
    received_at: record.receivedAt,
    corrected_at: record.correctedAt,
    flags: record.flags,
    country: sender?.country ?? UNKNOWN,
    country_code: sender?.country_code ?? UNKNOWN,
    platform: sender?.platform ?? UNKNOWN,
    players,
    purchase,
    event,
    sdk: record.sdk,
    app_version: textOrNull(fields['app_version']),
    device_id: textOrNull(fields['device_id']),
    seq: seqOf(fields['seq']),
  }
}

const NO_FIELDS: Fields = {}
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const seqOf = (value: unknown): number | null =>
  Number.isSafeInteger(value) && Number(value) >= 1 ? Number(value) : null

/** Ids are compared as text: 7 and "7" are one player. */
const idOf = (value: unknown): string | null =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : null

/** The players of a game event, the one who sent it first. Who plays itself is there twice. */
function playersOf(record: LogRecord, fields: Fields, initOf: InitOf): readonly ActivePlayer[] {
  const a = idOf(fields['user-a'])
  const b = idOf(fields['user-b'])
  const own = record.playerId ?? idOf(fields['player_id'])
  const user = idOf(fields['user-id'])
  // By far the most have one.
  if (a === null && b === null && (user === null || own === null || user === own)) {
    const id = own ?? user
    return id === null ? NOBODY : [placed(record, id, fields['platform'], fields, initOf)]
  }
  const sender = own ?? user ?? a
  // A side of a match plays where its own block says, whoever has sent the event.
  const side = (id: string | null, block: unknown): ActivePlayer[] => {
    if (id === null) return []
    const from = id === sender ? fields : NO_FIELDS
    const says = isFields(block) ? block['platform'] : undefined
    return [placed(record, id, says ?? from['platform'], from, initOf)]
  }
  const sides = [
    ...side(a, fields['user-a-postmatch-info']),
    ...side(b, fields['user-b-postmatch-info']),
  ]
  const others = new Set([own, user].filter((id) => id !== null && id !== a && id !== b))
  const all = [
    ...sides,
    ...[...others].flatMap((id) =>
      id === null ? [] : [placed(record, id, fields['platform'], fields, initOf)],
    ),
  ]
  const first = all.find(({ id }) => id === sender)
  return first === undefined ? all : [first, ...all.filter((each) => each !== first)]
}

/** Where a player is: what the event itself says, else its newest `init`, else nobody knows. */
function placed(
  record: LogRecord,
  id: string,
  platform: unknown,
  fields: Fields,
  initOf: InitOf,
): ActivePlayer {
  const ownPlatform = typeof platform === 'string' && platform !== '' ? platform : undefined
  const ownCode = textOrNull(fields['country_code'])
  const hasCountry = fields['country'] !== undefined && ownCode !== null
  const init =
    (ownPlatform === undefined || !hasCountry) && id !== '' ? initOf(record.app, id) : null
  const country: Country = hasCountry
    ? { code: ownCode, name: String(fields['country']) }
    : ofInit(init)
  return {
    id,
    country: country.name,
    country_code: country.code,
    platform: ownPlatform ?? init?.platform ?? UNKNOWN,
  }
}

const ofInit = (init: Init | null): Country =>
  init === null ? UNKNOWN_COUNTRY : countryOf(init.countryCode)

const attributed = (record: LogRecord, id: string, initOf: InitOf): ActivePlayer =>
  placed(record, id, undefined, NO_FIELDS, initOf)

/** What this event says for those after it, if it is an `init`. */
function initFrom(record: LogRecord, event: EnrichedEvent): Init | null {
  if (record.eventType !== 'init' || event.players.length === 0) return null
  const { country_code: countryCode, platform } = event
  return { correctedAt: record.correctedAt, offset: record.offset, countryCode, platform }
}

type ReadPurchase = (fields: Fields) => EnrichedPurchase | Refusal

const readPurchase: ReadPurchase = (fields) => {
  const { amount_micros: amount, currency, product_id: product } = fields
  if (!Number.isSafeInteger(amount) || Number(amount) < 0) {
    return { reason: 'no-amount', path: '/amount_micros' }
  }
  if (typeof currency !== 'string') return { reason: 'no-currency', path: '/currency' }
  if (typeof product !== 'string') return { reason: 'no-product', path: '/product_id' }
  return {
    amount_micros: Number(amount),
    currency,
    product_id: product,
    ...optional('store', fields['store']),
    ...optional('transaction_id', fields['transaction_id']),
  }
}

const readInAppPurchase: ReadPurchase = (fields) => {
  const { currency, 'product-id': product } = fields
  const amount = microsOf(fields['purchase_value'])
  if (amount === null) return { reason: 'no-amount', path: '/purchase_value' }
  if (typeof product !== 'string') return { reason: 'no-product', path: '/product-id' }
  return {
    amount_micros: amount,
    // The raw format has no field for it: US dollars, unless whoever imported it has said so.
    currency: typeof currency === 'string' ? currency : 'USD',
    product_id: product,
  }
}

const PURCHASES: ReadonlyMap<string, ReadPurchase> = new Map([
  ['purchase', readPurchase],
  ['in-app-purchase', readInAppPurchase],
])

const optional = <const N extends string>(name: N, value: unknown): { [K in N]?: string } =>
  typeof value === 'string' && value !== '' ? ({ [name]: value } as { [K in N]: string }) : {}
