import { Type } from 'typebox'
import { LIMITS } from '../../limits.ts'
import { clientFamily } from '../family.ts'

const { customNameCharsMax, customNamePartsMax, customNamePartCharsMax } = LIMITS
const part = `[^:\\u0000-\\u001f\\u007f]{1,${customNamePartCharsMax}}`

export const CUSTOM = clientFamily({
  name: 'custom',
  version: '1-0-0',
  description: 'Whatever else a game wants to know. `properties` says more about it.',
  fields: {
    name: Type.String({
      minLength: 1,
      maxLength: customNameCharsMax,
      pattern: `^${part}(?::${part}){0,${customNamePartsMax - 1}}$`,
      format: 'text',
      description: `At most ${customNamePartsMax} parts of at most ${customNamePartCharsMax} characters, with \`:\` between them.`,
    }),
    value: Type.Optional(Type.Number({ description: 'A number to add up or to average.' })),
  },
  example: {
    name: 'tutorial:aiming:skipped',
    value: 3,
    properties: { hand: 'left', hints: 2 },
  },
})
