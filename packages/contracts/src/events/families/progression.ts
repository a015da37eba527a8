import { Type } from 'typebox'
import { Text } from '../../route.ts'
import { clientFamily, closedEnum, Whole } from '../family.ts'

export const PROGRESSION = clientFamily({
  name: 'progression',
  version: '1-0-0',
  description: 'The player began, completed or failed a part of the game.',
  fields: {
    status: closedEnum(['start', 'complete', 'fail'], 'What happened to the attempt.'),
    world: Type.Optional(Text(1, 64, 'The largest part: a world, a chapter, a season.')),
    level: Type.Union(
      [Text(1, 64, 'The level by its name.'), Whole(0, 'The level by its number.')],
      {
        description: 'The part that was played.',
      },
    ),
    phase: Type.Optional(Text(1, 64, 'The smallest part: a phase, a checkpoint.')),
    attempt: Type.Optional(Whole(1, 'Which attempt of this player it is.')),
    score: Type.Optional(Type.Number({ description: 'What the player reached.' })),
    duration_ms: Type.Optional(Whole(0, 'How long the attempt took.', 'ms')),
  },
  example: {
    status: 'complete',
    world: 'ice_caves',
    level: 12,
    attempt: 3,
    score: 48_200,
    duration_ms: 93_500,
  },
})
