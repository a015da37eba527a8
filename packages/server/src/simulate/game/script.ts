import type { Dice } from '../dice.ts'
import { createActors } from './actors.ts'
import type { Cast } from './cast.ts'
import type { Turn } from './planned-event.ts'

const MINUTE_MS = 60_000

export type ScriptSettings = {
  /** Milliseconds since the epoch, by a right clock. */
  readonly startAt: number
  readonly minutes: number
  /** Events per second of the game, about. */
  readonly rate: number
  /** Shares, from 0 to 1. */
  readonly late: number
  readonly bad: number
  readonly offline: number
  /**
   * So long before the end of a minute nothing happens, and at its beginning nobody whose clock is
   * wrong does anything: a corrected time is off by as much as the network has taken.
   */
  readonly edgeMs: number
}

export type Script = {
  /** Regulars log in. All of it must have its verdict before the rest begins. */
  readonly opening: readonly Turn[]
  /** What happens then, made while it is read: a long game takes no more memory than a short one. */
  turns(): Generator<Turn>
}

/** What happens in the game: the same for the same seed and start. */
export function createScript(dice: Dice, cast: Cast, settings: ScriptSettings): Script {
  const { startAt, minutes, rate, edgeMs } = settings
  const actors = createActors(dice, cast, settings)
  const regulars = cast.members.flatMap(({ isRegular }, player) => (isRegular ? [player] : []))

  /** Time that leaves out the last seconds of each minute. */
  const allowed = (at: number): number => {
    const left = MINUTE_MS - (at % MINUTE_MS)
    return left > edgeMs ? at : at + left
  }
  const isTooEarly = (player: number, at: number): boolean =>
    at % MINUTE_MS < edgeMs && cast.members[player]?.skewMs !== 0
  const openingAt = (player: number): number => {
    const at = allowed(startAt)
    return isTooEarly(player, at) ? at - (at % MINUTE_MS) + edgeMs : at
  }
  const opening = regulars
    .map((player) => actors.login(player, openingAt(player)))
    .sort((a, b) => a.at - b.at)
  const openedAt = Math.max(...opening.map(({ at }) => at))

  const whoPlays = (at: number): number => {
    const player = dice.between(0, cast.members.length - 1)
    return isTooEarly(player, at) ? 0 : player
  }

  return {
    opening,
    *turns() {
      const endAt = startAt + minutes * MINUTE_MS
      const perEventMs = (1_000 / rate) * (1 - edgeMs / MINUTE_MS)
      for (let clock = allowed(startAt); clock < endAt; clock = allowed(clock)) {
        const at = Math.max(openedAt, Math.floor(clock))
        const turn = actors.play(whoPlays(at), at)
        yield turn
        // As much time as the events of this turn may take, half of it by chance.
        clock += turn.events.length * perEventMs * (0.5 + dice.between(0, 1_000) / 1_000)
      }
    },
  }
}
