import { Type } from 'typebox'
import { Text } from '../../route.ts'
import { AnyPlatform, ENVELOPE, PlatformName, PlayerId } from '../envelope.ts'
import { clientFamily } from '../family.ts'
import { RAW_HEAD, RawUserId } from '../raw-form.ts'
import { CurrencyCode } from './purchase.ts'

/** Its micros are still a whole number that every JSON reader keeps exactly. */
const VALUE_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 1_000_000)

export const IN_APP_PURCHASE = clientFamily({
  name: 'in-app-purchase',
  version: '2-0-0',
  description:
    'The player paid real money, in the raw form. Counts as revenue, in US dollars unless it says otherwise.',
  fields: {
    'user-id': Type.Optional(RawUserId),
    purchase_value: Type.Number({
      minimum: 0,
      maximum: VALUE_MAX,
      description: 'The total charged, in units of `currency`; its decimal text is read as micros.',
    }),
    'product-id': Text(1, 100, 'What was bought.'),
    currency: Type.Optional({
      ...CurrencyCode,
      description: 'ISO 4217, in upper case; US dollars when it is left out.',
    }),
  },
  envelope: {
    ...ENVELOPE,
    ...RAW_HEAD,
    player_id: Type.Optional(PlayerId),
    platform: Type.Optional(PlatformName),
  },
  anyOf: ['player_id', 'user-id'],
  raw: { platform: Type.Optional(AnyPlatform) },
  example: {
    'user-id': 'player_1',
    purchase_value: 4.99,
    'product-id': 'coins_pack_02',
  },
})
