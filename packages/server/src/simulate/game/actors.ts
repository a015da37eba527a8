import type { Dice } from '../dice.ts'
import {
  type Actor,
  activeOf,
  beginSession,
  createActor,
  endSession,
  placeOf,
  planEvent,
  UNKNOWN,
} from './actor.ts'
import { badEvent, repeatedPurchase } from './bad-events.ts'
import { type Cast, SKEWS_MS } from './cast.ts'
import { MOVES, type Opponent } from './game-moves.ts'
import {
  type Active,
  type Facts,
  LATE_MS_MAX,
  type PlannedEvent,
  type Turn,
} from './planned-event.ts'
import type { ScriptSettings } from './script.ts'

const MINUTE_MS = 60_000
const SESSION_ENDS = 0.06
const BOT_SHARE = 0.2
const CLOCK_IS_SET = 0.1
const OFFLINE_MS = { min: 5_000, max: 60_000 }
/** Of the events that are bad, those that are a store's transaction again. */
const REPEATED_SHARE = 0.25

/** All players, and what each of them does when it is its turn. */
export function createActors(dice: Dice, cast: Cast, { late, bad, offline }: ScriptSettings) {
  const actors = cast.members.map(createActor)
  const regulars = actors.filter(({ member }) => member.isRegular)
  /** Events that are accepted before the game begins; each may come again with other contents, once. */
  const usedIds: string[] = []

  const actorOf = (player: number): Actor => {
    const actor = actors[player]
    if (!actor) throw new RangeError(`there is no player ${player}`)
    return actor
  }

  const opponent = (actor: Actor): Opponent => {
    const other = regulars[dice.between(0, regulars.length - 1)]
    if (other && other !== actor && !dice.chance(BOT_SHARE)) {
      const { member, player } = other
      return { id: member.id, platform: member.platform, player, place: placeOf(other) }
    }
    const bot = dice.between(0, cast.bots.length - 1)
    return {
      ...{ id: cast.bots[bot] ?? '', platform: 'web', player: cast.members.length + bot },
      place: { country: UNKNOWN, platform: 'WEB' },
    }
  }

  const goodEvent = (actor: Actor, at: number): PlannedEvent => {
    const move = dice.pick(MOVES)
    const { type, fields, purchase = null, against } = move(dice, actor, opponent)
    const others: Active[] = against ? [{ player: against.player, ...against.place }] : []
    const active = [activeOf(actor), ...others]
    const facts: Facts = { place: placeOf(actor), active, purchase }
    const isLate = dice.chance(late)
    const ago = isLate ? dice.between(1, LATE_MS_MAX / MINUTE_MS) * MINUTE_MS : 0
    const planned = planEvent(dice, actor, at, { type, fields, facts, isLate, at: at - ago })
    if (fields['transaction_id'] !== undefined) actor.purchase = planned
    return planned
  }

  const spoiledEvent = (actor: Actor, at: number): PlannedEvent => {
    const repeated = dice.chance(REPEATED_SHARE) ? repeatedPurchase(dice, actor.purchase) : null
    return planEvent(dice, actor, at, repeated ?? badEvent(dice, () => usedIds.pop()))
  }

  /** A wrong clock may be put right, and a right one of such a device is soon wrong again. */
  const newSkew = ({ member }: Actor): number | null => {
    if (member.skewMs === 0 || !dice.chance(CLOCK_IS_SET)) return null
    return dice.chance(0.5) ? 0 : dice.pick(SKEWS_MS)
  }

  const next = (actor: Actor, at: number): readonly PlannedEvent[] => {
    if (actor.session === null) return beginSession(dice, actor, at)
    if (dice.chance(SESSION_ENDS)) return [endSession(dice, actor, at)]
    return [dice.chance(bad) ? spoiledEvent(actor, at) : goodEvent(actor, at)]
  }

  return {
    /** A player's first session, of which nothing is bad or late, on a connection that holds. */
    login(player: number, at: number): Turn {
      const events = beginSession(dice, actorOf(player), at)
      usedIds.push(...events.map(({ id }) => id))
      return { at, player, events, offlineMs: 0, setSkewMs: null }
    },

    /** The player begins to play, goes on, or ends. */
    play(player: number, at: number): Turn {
      const events = next(actorOf(player), at)
      const isLost = dice.chance(offline)
      const offlineMs = isLost ? dice.between(OFFLINE_MS.min, OFFLINE_MS.max) : 0
      return { at, player, events, offlineMs, setSkewMs: newSkew(actorOf(player)) }
    },
  }
}
