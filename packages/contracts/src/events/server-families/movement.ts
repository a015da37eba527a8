import { type TInteger, Type } from 'typebox'
import { LIMITS } from '../../limits.ts'
import { Currency, Text } from '../../route.ts'
import { serverFamily, Whole } from '../family.ts'

/** What the ways of moving currency have in common: all but the amount. */
export const movement = <const N extends string>(parts: {
  readonly name: N
  readonly description: string
  readonly amount: TInteger
  readonly example: Readonly<{ amount: number; balance: number; reason: string }>
}) =>
  serverFamily({
    name: parts.name,
    version: '1-0-0',
    description: parts.description,
    fields: {
      amount: parts.amount,
      currency: Currency,
      balance: Whole(0, 'The balance after it.'),
      reason: Type.Optional(Text(0, LIMITS.reasonCharsMax, 'As whoever asked for it gave it.')),
    },
    example: { ...parts.example, currency: 'coins' },
  })
