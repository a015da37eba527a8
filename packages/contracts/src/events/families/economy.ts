import { Type } from 'typebox'
import { Text } from '../../route.ts'
import { clientFamily, closedEnum } from '../family.ts'

export const ECONOMY = clientFamily({
  name: 'economy',
  version: '1-0-0',
  description:
    'Currency or goods of the game came or went, as the game saw it. Moves no balance: the ledger does that.',
  fields: {
    flow: closedEnum(
      ['source', 'sink'],
      '`source`: the player got it; `sink`: the player gave it.',
    ),
    resource: Text(1, 64, 'What moved: a currency of the game, energy, a ticket.'),
    amount: Type.Number({ minimum: 0, description: 'How much of it.' }),
    item_type: Type.Optional(Text(1, 64, 'The kind of thing that it came from or went into.')),
    item_id: Type.Optional(Text(1, 128, 'The thing that it came from or went into.')),
    balance: Type.Optional(
      Type.Number({ description: 'What the player has of it now, as the game sees it.' }),
    ),
    reason: Type.Optional(Text(1, 64, 'Why, such as `daily_reward`.')),
  },
  example: {
    flow: 'sink',
    resource: 'coins',
    amount: 250,
    item_type: 'cue',
    item_id: 'cue_dragon',
    balance: 1_000,
  },
})
