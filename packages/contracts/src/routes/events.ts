import { Type } from 'typebox'
import { LIMITS } from '../limits.ts'
import {
  Cursor,
  defineRoute,
  Instant,
  Offset,
  PageSize,
  Shown,
  ShownInteger,
  Text,
  UserId,
} from '../route.ts'

const EventType = Type.String({
  minLength: 1,
  maxLength: LIMITS.eventTypeCharsMax,
  pattern: '^[A-Za-z0-9_.-]+$',
  examples: ['level_complete'],
})
/** The server parses it, so that an impossible date gets its pointer and a missing zone means UTC. */
const ClientTime = Type.String({
  minLength: 10,
  maxLength: 40,
  format: 'client-time',
  description: 'ISO 8601; UTC where it names no zone.',
  examples: ['2026-03-01T12:00:00Z'],
})

export const EVENT = defineRoute({
  id: 'event',
  method: 'POST',
  path: '/event',
  aliases: ['/event/create'],
  tag: 'Events',
  summary: 'Log an event of a player',
  description:
    'Free-form: the type is only a name. The types that the server writes itself (`earn`, `spend`, `adjust`, `deeplink_open`, `rates`, `event_replay`, `af_…`) are refused. `tsUtc` is another name of `timestampUtc`.',
  access: 'player-or-server',
  idempotent: true,
  bodyBytesMax: LIMITS.eventBodyBytesMax,
  body: Type.Object(
    {
      eventType: EventType,
      meta: Type.Optional(Text(0, LIMITS.metaCharsMax, 'Any text, usually JSON.')),
      timestampUtc: Type.Optional(ClientTime),
      tsUtc: Type.Optional(ClientTime),
      userId: Type.Optional(UserId),
    },
    { additionalProperties: false },
  ),
  responses: {
    200: Type.Object({ ok: Type.Literal(true), eventId: ShownInteger }, { title: 'Logged' }),
  },
  problems: [
    'not-your-account',
    'unknown-player',
    'reserved-event-type',
    'idempotency-key-in-use',
    'idempotency-key-reused',
  ],
})

const Filter = {
  event_type: Type.Optional(EventType),
  start_time: Type.Optional(ClientTime),
  end_time: Type.Optional(ClientTime),
  limit: Type.Optional(PageSize),
  offset: Type.Optional(Offset),
}
const Page = {
  total: ShownInteger,
  limit: ShownInteger,
  offset: ShownInteger,
  hasMore: Type.Boolean(),
}

export const EVENTS = defineRoute({
  id: 'events',
  method: 'GET',
  path: '/events',
  aliases: ['/event/events'],
  tag: 'Events',
  summary: 'List the own events, newest first',
  description:
    'By time, then by id. `start_time` is included, `end_time` is not. Prefer `cursor` to `offset` for long lists.',
  access: 'player',
  idempotent: false,
  query: Type.Object({ ...Filter, cursor: Type.Optional(Cursor) }, { additionalProperties: false }),
  responses: {
    200: Type.Object(
      {
        events: Type.Array(
          Type.Object({
            id: ShownInteger,
            type: Shown,
            ts: Instant,
            meta: Type.Union([Shown, Type.Null()]),
          }),
        ),
        ...Page,
        nextCursor: Type.Union([Shown, Type.Null()]),
      },
      { title: 'EventPage' },
    ),
  },
  problems: [],
})

export const STATS = defineRoute({
  id: 'stats',
  method: 'GET',
  path: '/stats',
  aliases: ['/event/stats'],
  tag: 'Events',
  summary: 'Count events per type',
  description:
    'A player sees its own counts, an operator those of anyone (`uid`) or of all. Without credentials: all, where the server leaves that door open.',
  access: 'optional',
  idempotent: false,
  query: Type.Object({ ...Filter, uid: Type.Optional(UserId) }, { additionalProperties: false }),
  responses: {
    200: Type.Object(
      { stats: Type.Array(Type.Object({ eventType: Shown, count: ShownInteger })), ...Page },
      {
        title: 'Stats',
        description: '`total` counts the event types. Sorted by count, then by type.',
      },
    ),
  },
  problems: ['unknown-player', 'door-closed'],
})
