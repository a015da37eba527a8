import type { Dice } from '../dice.ts'
import type { Actor } from './actor.ts'
import type { Facts, Place } from './planned-event.ts'

/** Whom a match is played against. */
export type Opponent = {
  readonly id: string
  readonly platform: string
  readonly player: number
  readonly place: Place
}

export type Played = {
  readonly type: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly purchase?: Facts['purchase']
  readonly against?: Opponent
}

/** One thing that players do. */
export type Move = (dice: Dice, actor: Actor, opponent: (actor: Actor) => Opponent) => Played

type Price = readonly [currency: string, thousandths: number]
/** In thousandths of the currency: the yen has no cents, the dinar has three digits. */
const PRICES: readonly [Price, ...Price[]] = [
  ...([
    ['USD', 4_990],
    ['USD', 990],
    ['USD', 19_990],
    ['USD', 99_990],
    ['USD', 2_490],
  ] as const),
  ...([
    ['EUR', 4_490],
    ['EUR', 21_990],
    ['GBP', 3_990],
    ['JPY', 800_000],
  ] as const),
  ['KWD', 1_234],
]

const purchase: Move = (dice, actor) => {
  const [currency, thousandths] = dice.pick(PRICES)
  const quantity = dice.between(1, 3)
  const amountMicros = thousandths * 1_000 * quantity
  const isKnown = dice.chance(0.8)
  const store = { ios: 'apple', android: 'google' }[String(actor.member.platform)] ?? 'web'
  const transaction = { store, transaction_id: dice.text(12) }
  return {
    type: 'purchase',
    fields: {
      ...{ product_id: dice.pick(['gems_small', 'gems_large', 'starter']), quantity },
      ...{ amount_micros: amountMicros, currency },
      ...(isKnown ? transaction : {}),
    },
    purchase: { amountMicros, currency },
  }
}

const rawPurchase: Move = (dice) => {
  const cents = dice.between(1, 9_999)
  return {
    type: 'in-app-purchase',
    fields: { purchase_value: cents / 100, 'product-id': 'table_felt' },
    purchase: { amountMicros: cents * 10_000, currency: 'USD' },
  }
}

const match: Move = (dice, actor, opponent) => {
  const against = opponent(actor)
  const wins = dice.chance(0.5)
  actor.coins = Math.max(0, actor.coins + (wins ? 50 : -50))
  actor.level += wins && dice.chance(0.2) ? 1 : 0
  const side = (coins: number, level: number, platform: string) => ({
    ...{ 'coin-balance-after-match': coins, 'level-after-match': level },
    ...{ device: 'a device', platform },
  })
  const { id, platform } = actor.member
  return {
    type: 'match',
    fields: {
      ...{ 'user-a': id, 'user-b': against.id, winner: wins ? id : against.id },
      'user-a-postmatch-info': side(actor.coins, actor.level, platform),
      'user-b-postmatch-info': side(dice.between(0, 5_000), 3, against.platform),
      ...{ 'game-tier': dice.between(1, 5), duration: dice.between(30, 600) },
    },
    against,
  }
}

const progression: Move = (dice, actor) => ({
  type: 'progression',
  fields: {
    ...{ status: dice.pick(['start', 'complete', 'fail']), level: actor.level, world: 'pool' },
    attempt: dice.between(1, 5),
  },
})

const economy: Move = (dice, actor) => ({
  type: 'economy',
  fields: {
    ...{ flow: dice.pick(['source', 'sink']), resource: 'coins', amount: dice.between(1, 500) },
    balance: actor.coins,
  },
})

const ad: Move = (dice) => ({
  type: 'ad_impression',
  fields: {
    ...{ ad_format: dice.pick(['rewarded', 'banner']), ad_network: 'admob', rewarded: true },
    revenue_usd_micros: dice.between(100, 20_000),
  },
})

const custom: Move = (dice) => ({
  type: 'custom',
  fields: {
    ...{ name: 'tutorial:step', value: dice.between(1, 12) },
    properties: { hint: dice.chance(0.5), note: 'é€😀 "quoted"' },
  },
})

const crash: Move = () => ({
  type: 'error',
  fields: { message: 'texture not found', severity: 'warning', error_code: 'TEX' },
})

/** As often as they stand here. */
export const MOVES: readonly [Move, ...Move[]] = [
  ...([match, match, match, match, match, match, purchase, purchase, purchase] as const),
  ...([rawPurchase, progression, progression, progression, economy, economy, economy] as const),
  ...([ad, ad, custom, custom, crash] as const),
]
