import { Type } from 'typebox'
import { AnyPlatform, Country, ENVELOPE, PlayerId } from '../envelope.ts'
import { clientFamily } from '../family.ts'
import { RAW_HEAD, RawUserId } from '../raw-form.ts'

/** Here the country is what the event is about. */
const { country: _, ...withoutCountry } = ENVELOPE

export const INIT = clientFamily({
  name: 'init',
  version: '1-0-0',
  description:
    "The game was opened. Gives the player's later matches and purchases their country and platform.",
  fields: { country: Country, 'user-id': Type.Optional(RawUserId) },
  envelope: { ...withoutCountry, ...RAW_HEAD, player_id: Type.Optional(PlayerId) },
  anyOf: ['player_id', 'user-id'],
  raw: { platform: AnyPlatform },
  example: {
    country: 'PT',
    'user-id': 'player_1',
  },
})
