import { Type } from 'typebox'
import { LIMITS } from '../../limits.ts'
import { Text } from '../../route.ts'
import { clientFamily, closedEnum } from '../family.ts'

export const ERROR = clientFamily({
  name: 'error',
  version: '1-0-0',
  description: 'Something went wrong in the game.',
  fields: {
    message: Text(1, LIMITS.errorMessageCharsMax, 'What went wrong. Nothing that names a person.'),
    severity: Type.Optional(
      closedEnum(
        ['debug', 'info', 'warning', 'error', 'critical'],
        'How bad it was; `error` when it is left out.',
      ),
    ),
    error_code: Type.Optional(Text(1, 128, "The game's own code, by which errors are grouped.")),
    stack: Type.Optional(Text(1, LIMITS.errorStackCharsMax, 'Where it went wrong.')),
    fatal: Type.Optional(Type.Boolean({ description: 'Whether it ended the game.' })),
  },
  example: {
    message: 'The match could not be joined: no answer in 10 s',
    severity: 'warning',
    error_code: 'MATCH_JOIN_TIMEOUT',
    fatal: false,
  },
})
