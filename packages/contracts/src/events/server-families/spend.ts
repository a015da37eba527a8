import { Type } from 'typebox'
import { movement } from './movement.ts'

export const SPEND = movement({
  name: 'spend',
  description: 'Currency left a player, by `POST /spend`.',
  amount: Type.Integer({
    minimum: Number.MIN_SAFE_INTEGER,
    maximum: -1,
    description: 'How much left, below zero.',
  }),
  example: { amount: -40, balance: 310, reason: 'cue_dragon' },
})
