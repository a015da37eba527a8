// The raw form of a game's events as they lie in files and topics of other collectors: no envelope,
// names with hyphens, a number for the time. Its three families keep these names on our wire too.
import { Type } from 'typebox'
import { Text } from '../route.ts'
import { Whole } from './family.ts'

export const RAW_USER_CHARS_MAX = 50

/** Compared as text, so `7` is `"7"`. */
export const RawUserId = Type.Union(
  [Text(1, RAW_USER_CHARS_MAX, 'The id as text.'), Whole(0, 'The id as a number.')],
  { description: 'Who played: text, or a whole number that is read as text.' },
)

/** What the raw form calls the envelope's `event_type` and `occurred_at`. Kept, and not read, when it comes with an envelope. */
export const RAW_HEAD = {
  'event-type': Type.Optional(Text(1, 100, 'As `event_type`, in the raw form.')),
  time: Type.Optional(
    Whole(0, 'As `occurred_at`, in the raw form: below 100,000,000,000 in seconds, else in ms.'),
  ),
} as const
