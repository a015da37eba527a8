import type { PlatformName } from '@questline/sdk'
import type { Dice } from '../dice.ts'
import type { Place } from './planned-event.ts'

/** A country as games send it, and the code that it must be counted under. */
export type SaidCountry = { readonly said: string; readonly code: string }

export type Member = {
  readonly id: string
  readonly home: SaidCountry
  /** Where the player is every other session; mostly at home. */
  readonly away: SaidCountry
  readonly platform: PlatformName
  readonly appVersion: string
  /** How much the device's clock is wrong at first, in milliseconds; 0 is right, and stays so. */
  readonly skewMs: number
  /** Logs in before the game begins, stays in one country, and is whom others play against. */
  readonly isRegular: boolean
}

export type Cast = {
  readonly members: readonly Member[]
  /** Play matches and never say where they are. */
  readonly bots: readonly string[]
}

const country = (said: string, code: string): SaidCountry => ({ said, code })
const COUNTRIES = [
  ...[country('US', 'US'), country('US', 'US'), country('PT', 'PT'), country('DE', 'DE')],
  ...[country('BR', 'BR'), country('jp', 'JP'), country('FR', 'FR'), country('in', 'IN')],
  // An alias, white space, and what is no country at all.
  ...[country('uk', 'GB'), country(' gb ', 'GB'), country('ZZ', 'UNKNOWN')],
  country('Atlantis', 'UNKNOWN'),
] as const satisfies readonly SaidCountry[]
const PLATFORMS = ['ios', 'ios', 'android', 'android', 'web', 'windows', 'switch'] as const
const VERSIONS = ['1.0.0', '1.0.1', '1.1.0'] as const

/** Wherever somebody may be counted. */
export const AREAS: readonly Place[] = [...new Set([...COUNTRIES.map(({ code }) => code)])].flatMap(
  (code) =>
    [...new Set<string>(PLATFORMS)].map((platform) => ({
      ...{ country: code, platform: platform.toUpperCase() },
    })),
)

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** How much clocks are wrong, in milliseconds. */
export const SKEWS_MS = [
  ...[-DAY_MS, 2 * DAY_MS, 3 * 60 * MINUTE_MS, -7 * MINUTE_MS, 40_000, -11_000],
  // A device whose battery was empty: it is 26 years behind.
  -9_500 * DAY_MS,
] as const
const SKEWED_SHARE = 0.15
const TRAVELLING_SHARE = 0.1
const REGULARS_MAX = 50
const BOTS = 5

export type CastSettings = {
  readonly players: number
  /** Whether some clocks are wrong. */
  readonly skew: boolean
  /** Part of each id: two games are played by different players. */
  readonly run: string
}

/** The same players for the same seed. The first one is a regular whose clock is right. */
export function createCast(dice: Dice, { players, skew, run }: CastSettings): Cast {
  const regulars = Math.min(REGULARS_MAX, Math.ceil(players / 4))
  const members = Array.from({ length: players }, (_, index): Member => {
    const isRegular = index < regulars
    const home = dice.pick(COUNTRIES)
    const travels = dice.chance(TRAVELLING_SHARE) && !isRegular
    const isWrong = dice.chance(SKEWED_SHARE)
    const skewMs = dice.pick(SKEWS_MS)
    return {
      ...{ id: `${run}-p${index}`, home, isRegular },
      away: travels ? dice.pick(COUNTRIES) : home,
      platform: dice.pick(PLATFORMS),
      appVersion: dice.pick(VERSIONS),
      skewMs: skew && isWrong && index > 0 ? skewMs : 0,
    }
  })
  return { members, bots: Array.from({ length: BOTS }, (_, index) => `${run}-bot${index}`) }
}
