import { type Static, type TSchema, Type } from 'typebox'
import { CLIENT_FAMILIES } from '../events/families.ts'
import { Verdict } from '../events/verdicts.ts'
import { LIMITS } from '../limits.ts'
import { defineRoute, Instant, Shown } from '../route.ts'

/** Codings of a request's body that the routes of this file read. */
export const CONTENT_ENCODINGS = ['gzip', 'deflate', 'br', 'zstd'] as const
export type ContentEncoding = (typeof CONTENT_ENCODINGS)[number]

/**
 * Whatever differs between two attempts to send the same events stands in these headers, so that
 * the bytes of the body are equal over all of them. All are optional.
 */
export const INGEST_HEADERS = {
  /** The same over all attempts. */
  requestId: 'X-Request-ID',
  /** 1, 2, 3, … */
  attempt: 'X-Attempt',
  /** The device's clock at this attempt: RFC 3339 or milliseconds since the epoch. */
  sentAt: 'X-Sent-At',
  /** `name/version` */
  sdk: 'X-Sdk',
  /** `<run>;<ms>`: the clock of the event's `monotonic`, read at this attempt. */
  monotonic: 'X-Monotonic',
} as const

const Batch = Type.Object(
  {
    events: Type.Array(Type.Unknown({ description: 'As docs/events.md describes each family.' }), {
      maxItems: LIMITS.batchEventsMax,
    }),
  },
  { title: 'EventBatch' },
)
export type EventBatch = Static<typeof Batch>

export const BatchAnswer = Type.Object(
  {
    request_id: Shown,
    received_at: Instant,
    results: Type.Array(Verdict, { description: 'One for each event, in their order.' }),
  },
  { title: 'EventVerdicts' },
)
export type BatchAnswer = Static<typeof BatchAnswer>

const headers = Object.values(INGEST_HEADERS)
  .map((name) => `\`${name}\``)
  .join(', ')

export const INGEST = defineRoute({
  id: 'ingest',
  method: 'POST',
  path: '/v1/events',
  aliases: [],
  tag: 'Ingest',
  summary: 'Send a batch of events',
  description: `At most ${LIMITS.batchEventsMax} events, ${LIMITS.batchWireBytesMax} bytes as they are sent and ${LIMITS.batchInflatedBytesMax} after that, ${LIMITS.eventBytesMax} an event. The body may be compressed: ${CONTENT_ENCODINGS.map((name) => `\`${name}\``).join(', ')}. Answered with one verdict for each event, in their order; a bad event never spoils its batch. \`accepted\` means that it is on disk, \`duplicate\` that it was before, \`retry\` that it must be sent again; every other status is final. \`Retry-After\` comes only when something is to be sent again. Headers that may differ between attempts: ${headers}.`,
  access: 'ingest',
  idempotent: false,
  bodyBytesMax: LIMITS.batchWireBytesMax,
  inflatedBytesMax: LIMITS.batchInflatedBytesMax,
  body: Batch,
  responses: { 200: BatchAnswer },
  problems: ['batch-too-large', 'unsupported-encoding'],
})

const Accepted = Type.Object(
  { status: Type.Literal('accepted'), event_id: Shown },
  { title: 'EventAccepted' },
)

const about =
  'One event, as it stands in a batch; `event_type` may be left out. A repeat of the same event is accepted again, with no second effect.'

/** The event of a route whose path says already what it is. */
const onItsOwn = <E extends TSchema, P extends Readonly<Record<string, TSchema>>>(family: {
  readonly schema: { readonly properties: P & { readonly event_type: E } }
}) => {
  const { properties } = family.schema
  return Type.Object({ ...properties, event_type: Type.Optional(properties.event_type) })
}

export const INGEST_INSTALL = defineRoute({
  id: 'ingestInstall',
  method: 'POST',
  path: '/v1/events/install',
  aliases: [],
  tag: 'Ingest',
  summary: 'Send one install',
  description: about,
  access: 'ingest',
  idempotent: false,
  bodyBytesMax: LIMITS.eventBytesMax,
  inflatedBytesMax: LIMITS.eventBytesMax,
  body: onItsOwn(CLIENT_FAMILIES.install),
  responses: { 200: Accepted },
  problems: ['wrong-app', 'event-id-conflict', 'unsupported-encoding'],
})

export const INGEST_PURCHASE = defineRoute({
  id: 'ingestPurchase',
  method: 'POST',
  path: '/v1/events/purchase',
  aliases: [],
  tag: 'Ingest',
  summary: 'Send one purchase',
  description: `${about} A store transaction that came before under another event id is accepted too, and counts once.`,
  access: 'ingest',
  idempotent: false,
  bodyBytesMax: LIMITS.eventBytesMax,
  inflatedBytesMax: LIMITS.eventBytesMax,
  body: onItsOwn(CLIENT_FAMILIES.purchase),
  responses: { 200: Accepted },
  problems: ['wrong-app', 'event-id-conflict', 'transaction-conflict', 'unsupported-encoding'],
})

/** What games send to, in reading order. */
export const INGEST_ROUTES = [INGEST, INGEST_INSTALL, INGEST_PURCHASE] as const
