import { type Static, Type } from 'typebox'
import { clientFamily, Whole } from '../family.ts'

const DROP_REASONS = ['queue-full', 'expired', 'too-large', 'rejected', 'storage-failed'] as const
/** Why an SDK gave an event up. A newer SDK may know more reasons. */
export type DropReason = (typeof DROP_REASONS)[number]

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

const DroppedByReason = Type.Unsafe<Readonly<Record<string, Static<typeof Count>>>>({
  type: 'object',
  maxProperties: 20,
  propertyNames: { type: 'string', minLength: 1, maxLength: 64, examples: DROP_REASONS },
  additionalProperties: Count,
  description: `How many events were given up since the last report, by reason: ${DROP_REASONS.map((reason) => `\`${reason}\``).join(', ')}.`,
})

export const SDK_HEALTH = clientFamily({
  name: 'sdk_health',
  version: '1-0-0',
  description:
    'What the SDK itself had to give up. Sent by the SDK when there is something to say.',
  fields: {
    dropped_by_reason: DroppedByReason,
    queue_events: Type.Optional(Whole(0, 'Events that wait in the queue.')),
    queue_bytes: Type.Optional(Whole(0, 'Bytes that wait in the queue.', 'bytes')),
    oldest_age_ms: Type.Optional(Whole(0, 'The age of the oldest of them.', 'ms')),
  },
  example: {
    dropped_by_reason: { 'queue-full': 14, expired: 2 },
    queue_events: 9_986,
    queue_bytes: 4_912_220,
  },
})
