import { Whole } from '../family.ts'
import { movement } from './movement.ts'

export const EARN = movement({
  name: 'earn',
  description: 'Currency came to a player, by `POST /earn`.',
  amount: Whole(1, 'How much came.'),
  example: { amount: 100, balance: 350, reason: 'level_complete' },
})
