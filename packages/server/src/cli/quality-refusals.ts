import { findRefused, listRefused, type RefusedRow } from '../log/log.ts'
import { toInstant } from '../platform/platform.ts'
import { findRejected, listRejected, type RejectedEvent } from '../quality/quality.ts'
import {
  findStreamRejected,
  listStreamRejected,
  type StreamRejected,
} from '../quality-kafka/quality-kafka.ts'
import { CommandFailure } from './command-failure.ts'
import type { OpenedAnalytics } from './with-analytics.ts'

/** A refused event, whoever refused it. */
export type Refusal = {
  /** `d` and a number: by the door; `q` and an offset of the log: by quality; `k`: not of the log. */
  readonly id: string
  readonly stage: 'door' | 'quality'
  readonly app: string
  readonly event_type: string | null
  readonly event_id: string | null
  readonly reason: string
  /** JSON pointer of the field at fault. */
  readonly path: string | null
  readonly received_at: string
  readonly status: 'open' | 'replayed'
  readonly sdk: string | null
  readonly source: string | null
}
export type RefusalWithText = Refusal & { readonly raw: string }

type Page = { readonly limit: number; readonly by: string | null; readonly all: boolean }

/** The newest first. */
export async function listRefusals(
  { store, analytics }: OpenedAnalytics,
  { limit, by, all }: Page,
): Promise<Refusal[]> {
  const page = { before: Number.MAX_SAFE_INTEGER, limit }
  const atDoor = by === 'quality' ? [] : await listRefused(store.read, page)
  const inQuality = by === 'door' ? [] : await listRejected(analytics.read, page)
  const ofKafka = (await listStreamRejected(analytics.read, limit)).map(ofStream)
  return [...atDoor.map(ofDoor), ...inQuality.map(ofQuality), ...ofKafka]
    .filter(({ status, stage }) => (all || status === 'open') && (by ?? stage) === stage)
    .sort((a, b) => (a.received_at < b.received_at ? 1 : a.received_at > b.received_at ? -1 : 0))
}

/** @throws CommandFailure when there is none */
export async function findRefusal(
  { store, analytics }: OpenedAnalytics,
  id: string,
): Promise<RefusalWithText> {
  const { kind, number } = parseId(id)
  if (kind === 'd') {
    const row = await findRefused(store.read, number)
    if (row) return { ...ofDoor(row), raw: textOf(row.raw) }
  } else if (kind === 'q') {
    const row = await findRejected(analytics.read, number)
    if (row) return { ...ofQuality(row), ...senderOf(row.envelope), raw: textOf(row.raw) }
  } else {
    const row = await findStreamRejected(analytics.read, number)
    if (row) return { ...ofStream(row), ...senderOf(row.envelope ?? row), raw: textOf(row.raw) }
  }
  throw new CommandFailure(
    1,
    `there is no refused event ${id}: \`questline quality list\` shows them`,
  )
}

/** @throws CommandFailure when it is no id */
export function parseId(id: string): { readonly kind: 'd' | 'q' | 'k'; readonly number: number } {
  const [, kind, number] = /^([dqk])(\d{1,15})$/.exec(id) ?? []
  if (kind === 'd' || kind === 'q' || kind === 'k') return { kind, number: Number(number) }
  throw new CommandFailure(2, `"${id}" is no id such as d12, q4711 or k3`)
}

const senderOf = ({ sdk = null, source }: { sdk?: string | null; source: string }) => ({
  ...{ sdk, source },
})

const textOf = (raw: Uint8Array): string => Buffer.from(raw).toString('utf8')

const common = (row: RefusedRow | RejectedEvent | StreamRejected) => ({
  app: row.app,
  event_type: row.eventType,
  event_id: row.eventId,
  reason: row.reason,
  path: row.path,
  received_at: toInstant(row.receivedAt),
})

const ofDoor = (row: RefusedRow): Refusal => ({
  id: `d${row.id}`,
  stage: 'door',
  ...common(row),
  status: row.status,
  sdk: row.sdk,
  source: row.source,
})

const ofQuality = (row: RejectedEvent): Refusal => ({
  id: `q${row.offset}`,
  stage: 'quality',
  ...common(row),
  status: row.replayedOffset === null ? 'open' : 'replayed',
  sdk: null,
  source: null,
})

const ofStream = (row: StreamRejected): Refusal => ({
  id: `k${row.number}`,
  // To whoever has sent it, quality is the door there.
  stage: row.stage === 'quality' ? 'quality' : 'door',
  ...common(row),
  status: row.replayedOffset === null ? 'open' : 'replayed',
  sdk: null,
  source: null,
})
