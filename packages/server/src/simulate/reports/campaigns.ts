import { below } from './chance.ts'

/** What a campaign does with its money, which decides its rows in the file of costs. */
export type Spending =
  | 'steady'
  /** Its return falls to 0.4 of the usual on the last day. */
  | 'falls'
  /** Its return falls to 0.15 of the usual on the last day. */
  | 'collapses'
  /** Spends since yesterday only: too little history for an anomaly. */
  | 'new'
  /** Spends every day and sells nothing. */
  | 'silent'
  /** Costs nothing, and says so with a 0. */
  | 'free'
  /** More is credited than was spent. */
  | 'credited'
  /** In no file of costs. */
  | 'unpaid'

export type Campaign = {
  /** As our own rows spell it. */
  readonly name: string
  /** How the reports must name it. */
  readonly key: string
  readonly spending: Spending
}

export type Campaigns = {
  readonly all: readonly Campaign[]
  /** The campaign of a player, from 32 random bits: some are ten times as popular as others. */
  drawn(bits: number): number
  /** The index of that without a name. */
  readonly unattributed: number
  /** The index of a campaign that only traps name. */
  special(name: SpecialName): number
}

const SPECIALS = {
  silent: { name: 'Silent Spend', spending: 'silent' },
  accented: { name: 'Été Doré', spending: 'steady' },
  cyrillic: { name: 'Летняя Акция', spending: 'steady' },
  japanese: { name: '夏のセール', spending: 'steady' },
  formula: { name: '=SUM(1+1)', spending: 'unpaid' },
  free: { name: 'Newsletter', spending: 'free' },
  credited: { name: 'Refunded Partner', spending: 'credited' },
  /** Two names of which the first sorts first, for one purchase under both. */
  early: { name: 'Early Bird', spending: 'steady' },
  late: { name: 'Late Owl', spending: 'steady' },
} as const satisfies Record<string, Pick<Campaign, 'name' | 'spending'>>
export type SpecialName = keyof typeof SPECIALS

const THEMES = ['Summer Splash', 'Winter Sale', 'Cup Final', 'Lookalike', 'Retarget', 'Launch']
const MARKETS = ['US', 'DE', 'BR', 'JP', 'IN', 'FR', 'Loyal, All']
const STEADY_MAX = 40
/** Fewer purchases a campaign leave days without any, where no return can be planned. */
const PURCHASES_PER_CAMPAIGN = 250
const STEADY_MIN = 6
const WEIGHTS = 1_024
const UNATTRIBUTED_SHARE = 0.05

export function createCampaigns(purchases: number): Campaigns {
  const wanted = Math.floor(purchases / PURCHASES_PER_CAMPAIGN)
  const named = Array.from({ length: Math.min(STEADY_MAX, Math.max(STEADY_MIN, wanted)) }, nameOf)
  const specials = Object.keys(SPECIALS)
  const all: Campaign[] = [
    ...named.map((name, index) => ({ name, key: keyOf(name), spending: spendingOf(index) })),
    { name: '', key: '(NONE)', spending: 'unpaid' },
    ...Object.values(SPECIALS).map((one) => ({ ...one, key: keyOf(one.name) })),
  ]
  const byWeight = weighted(named.length)
  return {
    all,
    drawn: (bits) => byWeight[below(bits, WEIGHTS)] ?? 0,
    unattributed: named.length,
    special: (name) => named.length + 1 + specials.indexOf(name),
  }
}

const nameOf = (_: unknown, index: number): string =>
  `${THEMES[index % THEMES.length]} ${MARKETS[Math.floor(index / THEMES.length) % MARKETS.length]}`

const spendingOf = (index: number): Spending =>
  (['falls', 'collapses', 'new'] as const)[index] ?? 'steady'

/** Enough for the names of this file: none has a letter whose upper case is two letters. */
const keyOf = (name: string): string => name.normalize('NFC').toUpperCase()

/** The most popular campaigns first; the index after the last is that without a name. */
function weighted(count: number): Uint8Array {
  const table = new Uint8Array(WEIGHTS).fill(count)
  const weights = Array.from({ length: count }, (_, index) => 1 / (1 + index) ** 0.6)
  const scale = (WEIGHTS * (1 - UNATTRIBUTED_SHARE)) / weights.reduce((a, b) => a + b, 0)
  let at = 0
  for (const [index, weight] of weights.entries()) {
    const next = at + weight * scale
    table.fill(index, Math.round(at), Math.round(next))
    at = next
  }
  return table
}
