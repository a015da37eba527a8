import type { Dice } from '../dice.ts'
import type { PlannedEvent } from './planned-event.ts'

/** An event that must not count, with what must become of it. */
export type Spoiled = Pick<PlannedEvent, 'type' | 'fields' | 'expects' | 'facts'> & {
  readonly id?: string
}

const PURCHASE = {
  ...{ product_id: 'gems_small', quantity: 1, amount_micros: 4_990_000, currency: 'USD' },
} as const

const refused = (type: string, fields: Spoiled['fields'], code: 'schema'): Spoiled => ({
  ...{ type, fields, facts: null },
  expects: { status: 'rejected', code },
})

type Make = (dice: Dice, usedId: () => string | undefined) => Spoiled

const MAKERS: readonly [Make, ...Make[]] = [
  () => refused('purchase', { ...PURCHASE, amount_micros: -1 }, 'schema'),
  () => refused('purchase', { ...PURCHASE, currency: 'XQQ' }, 'schema'),
  () => refused('purchase', { ...PURCHASE, quantity: 0 }, 'schema'),
  () => refused('progression', { status: 'lost', level: 3 }, 'schema'),
  () => refused('custom', { name: 'a:b:c:d:e:f' }, 'schema'),
  () => refused('custom', { name: 'nul\u0000' }, 'schema'),
  () => ({
    ...{ type: 'teleport', fields: { to: 'the moon' }, facts: null },
    expects: { status: 'rejected', code: 'unknown-event-type' },
  }),
  () => ({
    ...{ type: 'custom', fields: { name: 'a', app_id: 'somebody.elses.game' }, facts: null },
    expects: { status: 'rejected', code: 'wrong-app' },
  }),
  (dice) => ({
    ...{ id: `no-uuid-${dice.text(9)}`, type: 'custom', fields: { name: 'a' }, facts: null },
    expects: { status: 'rejected', code: 'invalid-event-id' },
  }),
  // It is a purchase to the door; only the rules of quality see that nothing was bought.
  () => ({
    ...{ type: 'purchase', fields: { ...PURCHASE, product_id: '   ' }, facts: null },
    expects: { status: 'accepted' },
  }),
  (_dice, usedId) => {
    const id = usedId()
    if (id === undefined) return refused('custom', { name: '' }, 'schema')
    return {
      ...{ id, type: 'custom', fields: { name: 'another' }, facts: null },
      expects: { status: 'conflict', code: 'event-id-conflict' },
    }
  },
]

/** @param usedId an id that the server has already, if there is one left */
export const badEvent = (dice: Dice, usedId: () => string | undefined): Spoiled =>
  dice.pick(MAKERS)(dice, usedId)

/** The store's transaction of an earlier purchase, told again, by chance with another amount. */
export function repeatedPurchase(dice: Dice, purchase: PlannedEvent | null): Spoiled | null {
  if (purchase === null) return null
  const { type, fields } = purchase
  if (dice.chance(0.5)) {
    const expects = { status: 'duplicate', code: 'transaction-duplicate' } as const
    return { type, fields, expects, facts: null }
  }
  const other = { ...fields, amount_micros: Number(fields['amount_micros']) + 10_000 }
  const expects = { status: 'conflict', code: 'transaction-conflict' } as const
  return { type, fields: other, expects, facts: null }
}
