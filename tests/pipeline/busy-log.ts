// A log in which everything happens that the consumers must get right, the same each time.

import { type GameEventParts, type GameLog, NOON } from './game-log.ts'
import { seededNumber } from './seeded-number.ts'

const MINUTE = 60_000
const COUNTRIES = ['PT', 'de', 'US', 'uk', 'XX']
const PLATFORMS = ['ios', 'Android', 'web']

/** Some thousand events over two days: late ones, other currencies, bad and refused ones, rates, gaps in the count. */
export async function fillBusyLog(log: GameLog, commits: number, seed = 1): Promise<void> {
  const random = seededNumber(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T
  let seq = 0
  const event = (at: number): GameEventParts => {
    const player = `player ${below(300)}`
    seq += random() < 0.05 ? 2 : 1
    const device = { device_id: `device ${below(4)}`, seq, app_version: pick(['1.0', '1.1']) }
    const common = { at, player, app: random() < 0.2 ? 'other' : 'game' }
    switch (below(6)) {
      case 0:
        return {
          ...common,
          type: 'init',
          fields: { ...device, country: pick(COUNTRIES), platform: pick(PLATFORMS) },
        }
      case 1:
      case 2:
        return {
          ...common,
          type: 'purchase',
          fields: {
            ...device,
            // An empty one is refused by quality.
            product_id: random() < 0.1 ? ' ' : 'gems',
            amount_micros: below(50_000_000),
            currency: pick(['USD', 'EUR', 'JPY']),
          },
        }
      case 3:
        return {
          ...common,
          type: 'match',
          fields: {
            ...device,
            'user-a': player,
            'user-b': `player ${below(300)}`,
            'user-a-postmatch-info': { platform: pick(PLATFORMS) },
          },
        }
      default:
        return {
          ...common,
          type: 'session_start',
          fields: { ...device, platform: pick(PLATFORMS) },
        }
    }
  }
  for (let commit = 0; commit < commits; commit += 1) {
    // Twelve hours on either side of a midnight, some of it late.
    const now = NOON + commit * 10 * MINUTE
    const events = Array.from({ length: 1 + below(60) }, () => ({
      ...event(random() < 0.1 ? now - below(600) * MINUTE : now + below(MINUTE * 10)),
      // Has a number of its device, and no place in the log.
      ...(random() < 0.05 ? { refused: { reason: 'schema', path: '/platform' } } : {}),
    }))
    await log.games(...events)
    if (commit % 10 !== 5) continue
    await log.plain({
      type: 'rates',
      payload: {
        date: pick(['2026-03-01', '2026-03-02']),
        usd_per_unit: {
          EUR: `1.0${below(900) + 100}`,
          ...(random() < 0.5 ? { JPY: '0.006641' } : {}),
        },
      },
    })
  }
}
