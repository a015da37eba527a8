import type { Dice } from '../dice.ts'
import type { Member } from './cast.ts'
import type { Active, PlannedEvent } from './planned-event.ts'

/** What the game knows of a player. */
export type Actor = {
  readonly member: Member
  readonly player: number
  /** Where the newest `init` said that it is. */
  country: string
  session: string | null
  sessions: number
  coins: number
  level: number
  /** The newest that named the store's transaction. */
  purchase: PlannedEvent | null
}

export const UNKNOWN = 'UNKNOWN'

export const createActor = (member: Member, player: number): Actor => ({
  ...{ member, player, country: UNKNOWN, session: null, sessions: 0 },
  ...{ coins: 100, level: 1, purchase: null },
})

export const placeOf = ({ country, member }: Actor) => ({
  ...{ country, platform: member.platform.toUpperCase() },
})
export const activeOf = (actor: Actor): Active => ({ player: actor.player, ...placeOf(actor) })

/** An event of this player, good and in time unless it says otherwise. */
export const planEvent = (
  dice: Dice,
  actor: Actor,
  at: number,
  { fields, ...event }: Pick<PlannedEvent, 'type' | 'fields'> & Partial<PlannedEvent>,
): PlannedEvent => ({
  id: uuidv7(dice, at),
  ...{ at, isLate: false, expects: { status: 'accepted' } as const },
  facts: { place: placeOf(actor), active: [activeOf(actor)], purchase: null },
  ...event,
  fields: { ...fields, session_id: actor.session },
})

/** The player begins to play: what is sent after the `init` counts where that says. */
export function beginSession(dice: Dice, actor: Actor, at: number): PlannedEvent[] {
  const { member } = actor
  actor.session = uuidv7(dice, at)
  actor.sessions += 1
  const event = (type: string, fields: PlannedEvent['fields']): PlannedEvent =>
    planEvent(dice, actor, at, { type, fields })
  const campaign = dice.pick(['SUMMER_2026', 'LAUNCH', 'FRIENDS'])
  const language = dice.pick(['en-US', 'pt-PT', 'de-DE'])
  const before = [
    ...(actor.sessions === 1 ? [event('install', { campaign })] : []),
    event('session_start', { session_number: actor.sessions, language }),
  ]
  const { said, code } = actor.sessions % 2 === 0 ? member.away : member.home
  actor.country = code
  return [...before, event('init', { country: said })]
}

export function endSession(dice: Dice, actor: Actor, at: number): PlannedEvent {
  const event = planEvent(dice, actor, at, { type: 'session_end', fields: { reason: 'logout' } })
  actor.session = null
  return event
}

/** RFC 9562, from the game's own chance: the same game has the same ids. */
function uuidv7(dice: Dice, at: number): string {
  const time = Math.max(0, at).toString(16).padStart(12, '0')
  const random = (digits: number): string => {
    const drawn = dice.between(0, 16 ** digits - 1)
    return drawn.toString(16).padStart(digits, '0')
  }
  const variant = dice.between(0x8000, 0xbfff).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random(3)}-${variant}-${random(6)}${random(6)}`
}
