import { Type } from 'typebox'
import { AnyPlatform, Country, ENVELOPE, PlayerId } from '../envelope.ts'
import { clientFamily, EXAMPLE_ENVELOPE } from '../family.ts'
import { RAW_HEAD, RawUserId } from '../raw-form.ts'

export const INIT = clientFamily({
  name: 'init',
  version: '1-0-0',
  description:
    "The game was opened. Gives the player's later matches and purchases their country and platform.",
  fields: { 'user-id': Type.Optional(RawUserId), ...RAW_HEAD },
  envelope: { ...ENVELOPE, player_id: Type.Optional(PlayerId), country: Country },
  anyOf: ['player_id', 'user-id'],
  raw: { platform: AnyPlatform },
  example: {
    ...EXAMPLE_ENVELOPE,
    event_type: 'init',
    country: 'PT',
    'user-id': 'player_1',
  },
})
