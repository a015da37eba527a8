import { Type } from 'typebox'
import { LIMITS } from '../../limits.ts'
import { Text } from '../../route.ts'
import { clientFamily, Whole } from '../family.ts'

/** The format asks for a code that exists; to tools that do not know it, the pattern says the form. */
export const CurrencyCode = Type.String({
  pattern: '^[A-Z]{3}$',
  format: 'iso-4217',
  description: 'ISO 4217, in upper case.',
})

export const PURCHASE = clientFamily({
  name: 'purchase',
  version: '1-0-0',
  description: 'The player paid real money. Counts as revenue.',
  fields: {
    product_id: Text(1, LIMITS.productIdCharsMax, 'What was bought, under its name in the store.'),
    quantity: Whole(1, 'How many. For information: `amount_micros` is the total already.'),
    amount_micros: Whole(
      0,
      'The total charged, in millionths of `currency`: 4.99 is 4990000.',
      'micros',
    ),
    currency: CurrencyCode,
    transaction_id: Type.Optional(
      Text(
        0,
        LIMITS.transactionIdCharsMax,
        "The store's own id. It counts once per app and store, under whichever event ids it comes; empty is none.",
      ),
    ),
    store: Type.Optional(
      Text(0, LIMITS.storeCharsMax, 'Where it was bought, such as `apple` or `google`.'),
    ),
  },
  example: {
    product_id: 'gems_pack_01',
    quantity: 1,
    amount_micros: 4_990_000,
    currency: 'EUR',
    transaction_id: 'GPA.3345-1234-5678-90123',
    store: 'google',
  },
})
