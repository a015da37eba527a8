import { Type } from 'typebox'
import { serverFamily, Whole } from '../family.ts'

export const EVENT_REPLAY = serverFamily({
  name: 'event_replay',
  version: '1-0-0',
  description:
    'An accepted event that quality had refused was put right and takes its place, under its id and with its times.',
  fields: {
    of: Type.Optional(
      Whole(1, "The refused event's offset in the log; none where it came over Kafka alone."),
    ),
    event: Type.Unknown({ description: 'The whole event as it should have been.' }),
    stored: Type.Optional(
      Type.Unknown({ description: 'What lies around it: its id, its times, who has sent it.' }),
    ),
  },
  example: {
    of: 4_711,
    event: { event_type: 'purchase', product_id: 'gems_pack_01', amount_micros: 4_990_000 },
  },
})
