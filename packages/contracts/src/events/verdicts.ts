import { type Static, Type } from 'typebox'

/** What became of one event. A client treats a status that it does not know as final. */
export const EVENT_STATUSES = ['accepted', 'duplicate', 'conflict', 'rejected', 'retry'] as const
export type EventStatus = (typeof EVENT_STATUSES)[number]

/**
 * Why, in one table: the status that a code comes with, and what it means. Closed: a code is added
 * here and nowhere else. `accepted` and `duplicate` mostly come without one.
 */
export const VERDICT_CODES = {
  'unknown-field': {
    status: 'accepted',
    title: 'The family has no field of this name; it is kept with the event.',
  },
  'transaction-duplicate': {
    status: 'duplicate',
    title: 'This store transaction came before, under another event id.',
  },
  'event-id-conflict': {
    status: 'conflict',
    title: 'This event id came before, with other contents.',
  },
  'transaction-conflict': {
    status: 'conflict',
    title: 'This store transaction came before, with another player, amount or currency.',
  },
  'invalid-event': { status: 'rejected', title: 'The event is not an object.' },
  'missing-event-id': { status: 'rejected', title: 'The event has no id.' },
  'invalid-event-id': { status: 'rejected', title: 'The id is not a UUID.' },
  'unknown-event-type': { status: 'rejected', title: 'There is no such family of events.' },
  schema: { status: 'rejected', title: 'A field breaks the rules of its family.' },
  'event-too-large': { status: 'rejected', title: 'The event has too many bytes.' },
  'wrong-app': { status: 'rejected', title: "The event names another app than the key's." },
  busy: { status: 'retry', title: 'The server is busy; send it again.' },
} as const satisfies Readonly<Record<string, { status: EventStatus; title: string }>>

export type VerdictCode = keyof typeof VERDICT_CODES

export const Verdict = Type.Object(
  {
    event_id: Type.Union([Type.String(), Type.Null()], {
      description: 'As it was sent; null when the event had no text there.',
    }),
    status: Type.Unsafe<EventStatus>({ type: 'string', enum: EVENT_STATUSES }),
    code: Type.Optional(
      Type.Unsafe<VerdictCode>({ type: 'string', enum: Object.keys(VERDICT_CODES) }),
    ),
    path: Type.Optional(
      Type.String({ description: 'JSON pointer, within the event, of what `code` is about.' }),
    ),
  },
  { title: 'Verdict' },
)
/** One event's fate. A value, never thrown. */
export type Verdict = Static<typeof Verdict>
