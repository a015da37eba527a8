import type { Campaigns } from './campaigns.ts'
import { below, mix } from './chance.ts'

/** One purchase as it happened. Reused for each reading: ten million objects would be garbage. */
export type Story = {
  purchase: number
  player: number
  /** Seconds since 1970. */
  at: number
  micros: number
  campaign: number
  hasReceipt: boolean
  confirmation: 'none' | 'own' | 'of-a-stranger'
  confirmedAt: number
  confirmedMicros: number
  confirmedReceipt: boolean
}

export type Stories = {
  /** The same story for the same number. The object is the next call's, too. */
  read(purchase: number): Story
}

const DAY_S = 86_400
const HOUR_S = 3_600
/** Players of which the pattern of purchases is drawn once and then comes again. */
const PATTERN_PLAYERS = 2_048
const PURCHASES_MAX = 30
/** Raises a random number so that most players buy once and few buy often: about 4 on average. */
const SKEW = 8
/**
 * A player's purchases are at least two hours apart, so that no confirmation (at most 40 minutes
 * off) lies near another purchase: what matches is known without computing it.
 */
const MARGIN_S = HOUR_S
const PRICES_MICROS = [
  0.99, 0.99, 1.99, 1.99, 2.99, 4.99, 4.99, 9.99, 9.99, 19.99, 49.99, 99.99,
].map((usd) => Math.round(usd * 1_000_000))

const CONFIRMED_PERMILLE = 850
const STRANGER_PERMILLE = 860
const CONFIRMED_RECEIPT_PERMILLE = 900
const RECEIPT_PERMILLE = 970
const MISMATCH_PERMILLE = 5
const JITTER = { near: { permille: 930, max_s: 120 }, within: { permille: 970, max_s: 570 } }
const OUTSIDE_S = { min: 660, max: 2_400 }

export function createStories(
  settings: { readonly firstDay_s: number; readonly days: number },
  campaigns: Campaigns,
  key: () => number,
): Stories {
  const { firstDay_s, days } = settings
  const pattern = createPattern(key)
  const keys = { player: key(), time: key(), price: key(), sides: key(), jitter: key(), odd: key() }
  const story: Story = {
    ...{ purchase: 0, player: 0, at: 0, micros: 0, campaign: 0, hasReceipt: true },
    ...{ confirmation: 'none', confirmedAt: 0, confirmedMicros: 0, confirmedReceipt: false },
  }
  return {
    read(purchase) {
      const block = Math.floor(purchase / pattern.length)
      const place = purchase - block * pattern.length
      const slot_s = Math.floor((days * DAY_S) / pattern.purchasesOf(place))
      const since = slot_s * pattern.turnOf(place) + MARGIN_S
      story.purchase = purchase
      story.player = block * PATTERN_PLAYERS + pattern.playerOf(place)
      story.at = firstDay_s + since + below(mix(purchase, keys.time), slot_s - 2 * MARGIN_S)
      story.micros = PRICES_MICROS[below(mix(purchase, keys.price), PRICES_MICROS.length)] ?? 0
      story.campaign = campaigns.drawn(mix(story.player, keys.player))
      addConfirmation(story, mix(purchase, keys.sides), mix(purchase, keys.jitter))
      story.hasReceipt = below(mix(purchase, keys.odd), 1_000) < RECEIPT_PERMILLE
      return story
    },
  }
}

function addConfirmation(story: Story, sides: number, jitter: number): void {
  const side = (sides & 0xffff) % 1_000
  if (side < CONFIRMED_PERMILLE) story.confirmation = 'own'
  else story.confirmation = side < STRANGER_PERMILLE ? 'of-a-stranger' : 'none'
  const detail = (sides >>> 16) % 1_000
  story.confirmedReceipt = detail < CONFIRMED_RECEIPT_PERMILLE
  const differs = detail % 200 < MISMATCH_PERMILLE / 5
  story.confirmedMicros = differs ? Math.round(story.micros * 0.85) : story.micros
  story.confirmedAt = story.at + jitterOf(jitter)
}

function jitterOf(bits: number): number {
  const distance = (bits & 0x3fff) / 0x4000
  const kind = ((bits >>> 14) & 0xffff) % 1_000
  const sign = bits >>> 30 === 0 ? -1 : 1
  if (kind < JITTER.near.permille) return sign * Math.floor(distance * JITTER.near.max_s)
  if (kind < JITTER.within.permille) return sign * Math.floor(distance * JITTER.within.max_s)
  return sign * Math.floor(OUTSIDE_S.min + distance * (OUTSIDE_S.max - OUTSIDE_S.min))
}

/** Who buys how often, for `length` purchases in a row; the next ones are of other players. */
function createPattern(key: () => number) {
  const sizes = Array.from({ length: PATTERN_PLAYERS }, () => {
    const skewed = (key() / 0x1_0000_0000) ** SKEW
    return 1 + Math.floor(skewed * PURCHASES_MAX)
  })
  const players = sizes.flatMap((size, player) => Array<number>(size).fill(player))
  const turns = sizes.flatMap((size) => Array.from({ length: size }, (_, turn) => turn))
  const [playerAt, turnAt] = [Uint16Array.from(players), Uint8Array.from(turns)]
  const sizeAt = Uint8Array.from(players, (player) => sizes[player] ?? 1)
  return {
    length: playerAt.length,
    playerOf: (place: number): number => playerAt[place] ?? 0,
    turnOf: (place: number): number => turnAt[place] ?? 0,
    purchasesOf: (place: number): number => sizeAt[place] ?? 1,
  }
}
