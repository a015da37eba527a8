import { Type } from 'typebox'
import { clientFamily, openEnum, Whole } from '../family.ts'

export const SESSION_END = clientFamily({
  name: 'session_end',
  version: '1-0-0',
  description: 'The player stopped playing. `session_id` names the session.',
  fields: {
    duration_ms: Type.Optional(Whole(0, 'How long the session took.', 'ms')),
    reason: Type.Optional(
      openEnum(['background', 'shutdown', 'timeout', 'logout', 'crash'], 'Why it ended.'),
    ),
  },
  example: {
    session_id: '0199a1b2-aaaa-7bbb-8ccc-0d1e2f3a4b5c',
    duration_ms: 754_000,
    reason: 'background',
  },
})
