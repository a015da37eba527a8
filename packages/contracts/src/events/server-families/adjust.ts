import { Type } from 'typebox'
import { movement } from './movement.ts'

export const ADJUST = movement({
  name: 'adjust',
  description: 'An operator set a balance, by `PUT /user/update`.',
  amount: Type.Integer({
    minimum: Number.MIN_SAFE_INTEGER,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'The difference to the balance before.',
  }),
  example: { amount: 90, balance: 400, reason: 'support_case_118' },
})
