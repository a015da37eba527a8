// What the server of each SDK answers, as far as its SDK looks at it. Learnt from the vendors' sources
// and documents; README.md says which part is unsure.

export type SdkName = 'questline' | 'posthog' | 'gameanalytics' | 'segment'

export type Answer = { readonly status: number; readonly body: string }

export type Protocol = {
  /** The path of requests that bring events. All others are answered by `other`. */
  readonly events: RegExp
  /** The events of a parsed body. */
  read(body: unknown): readonly unknown[]
  /** The field by which this server knows an event again; none: it counts what comes. */
  readonly id: string | undefined
  taken(events: readonly unknown[], isKnown: (event: unknown) => boolean): Answer
  readonly other: Answer
  /** The answer to a request over the size limit. */
  readonly tooLarge: Answer
  readonly tooMany: string
}

const json = (status: number, body: unknown): Answer => ({ status, body: JSON.stringify(body) })
const fieldOf = (body: unknown, name: string): readonly unknown[] => {
  const value: unknown = Object(body)[name]
  return Array.isArray(value) ? value : []
}

export const PROTOCOLS: Readonly<Record<SdkName, Protocol>> = {
  questline: {
    events: /^\/v1\/events$/,
    read: (body) => fieldOf(body, 'events'),
    id: 'event_id',
    taken: (events, isKnown) =>
      json(200, {
        request_id: 'bench',
        received_at: new Date().toISOString(),
        results: events.map((event) => ({
          event_id: Object(event).event_id,
          status: isKnown(event) ? 'duplicate' : 'accepted',
        })),
      }),
    other: json(404, { code: 'not-found' }),
    tooLarge: json(413, { code: 'payload-too-large' }),
    tooMany: JSON.stringify({ code: 'rate-limited' }),
  },
  posthog: {
    events: /^\/batch\/$/,
    read: (body) => fieldOf(body, 'batch'),
    id: 'uuid',
    taken: () => json(200, { status: 'Ok' }),
    other: json(200, { featureFlags: {}, featureFlagPayloads: {} }),
    tooLarge: { status: 413, body: 'Payload Too Large' },
    tooMany: 'rate limited',
  },
  gameanalytics: {
    events: /^\/v2\/[^/]+\/events$/,
    read: (body) => (Array.isArray(body) ? body : []),
    id: undefined,
    // The SDK takes an answer without a body for none.
    taken: () => json(200, {}),
    other: json(201, { server_ts: 0, configs: [], configs_hash: '', ab_id: '', ab_variant_id: '' }),
    tooLarge: { status: 413, body: '<html><h1>413 Request Entity Too Large</h1></html>' },
    tooMany: '<html><h1>429 Too Many Requests</h1></html>',
  },
  segment: {
    events: /^\/v1\/batch$/,
    read: (body) => fieldOf(body, 'batch'),
    id: 'messageId',
    taken: () => json(200, { success: true }),
    other: json(404, {}),
    tooLarge: json(400, { success: false, message: 'Exceeded payload limit' }),
    tooMany: JSON.stringify({ success: false, message: 'Too many requests' }),
  },
}
