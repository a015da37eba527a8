import { CLIENT_FAMILIES } from '@questline/contracts'

/** Of what a batch of events is made: one thousand events a second, twenty thousand players. */
export type Moment = { readonly begin: number; readonly session: number }

const COUNTRIES = ['PT', 'DE', 'US', 'GB', 'FR', 'ES', 'BR', 'JP', 'IN', 'CA']
const PLATFORMS = ['ios', 'android', 'web']
export const EVENT_TYPES = [
  ...['session_start', 'session_end', 'progression', 'progression', 'economy', 'economy'],
  ...['ad_impression', 'custom', 'purchase', 'match'],
] as const
const PLAYERS = 20_000
/** So many events of a player come one after the other in a batch. */
const IN_A_ROW = 8

/** The n-th event: each player's first is an `init`, a tenth are purchases, a third of them not in dollars. */
export function eventOf(n: number, { begin, session }: Moment) {
  const number = (session + Math.floor(n / IN_A_ROW) * 7) % PLAYERS
  const player = `player_${number}`
  const type =
    n < PLAYERS && n % IN_A_ROW === 0 ? 'init' : (EVENT_TYPES[n % EVENT_TYPES.length] ?? 'custom')
  return {
    type,
    player,
    at: begin + n,
    fields: {
      ...exampleOf(type),
      platform: PLATFORMS[number % PLATFORMS.length],
      app_version: '1.4.2',
      session_id: `00000000-0000-7000-8000-${String(session).padStart(12, '0')}`,
      device_id: `device_${number}`,
      seq: n + 1,
      properties: { level: n % 60, mode: 'ranked', score: n },
      ...ownFields(type, n, number),
    },
  }
}

function ownFields(type: string, n: number, number: number): object {
  switch (type) {
    case 'init':
      return { country: COUNTRIES[number % COUNTRIES.length], 'user-id': `player_${number}` }
    case 'purchase':
      return {
        ...{ product_id: 'gems_pack_01', quantity: 1, amount_micros: 4_990_000 },
        currency: n % 3 === 0 ? 'EUR' : 'USD',
      }
    case 'match':
      return {
        ...{ 'user-a': `player_${number}`, 'user-b': `player_${(number + 1) % PLAYERS}` },
        winner: `player_${number}`,
      }
    default:
      return {}
  }
}

/** Each event has its own of these; one store transaction counts once. */
const ENVELOPE = ['event_id', 'event_type', 'occurred_at', 'player_id', 'app_id', 'transaction_id']

/** The family's own fields, as the catalogue shows them. */
function exampleOf(type: keyof typeof CLIENT_FAMILIES): object {
  const fields = Object.entries(CLIENT_FAMILIES[type].example)
  return Object.fromEntries(fields.filter(([name]) => !ENVELOPE.includes(name)))
}
