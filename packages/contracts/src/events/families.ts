import type { Static } from 'typebox'
import { isReservedEventType, POSTBACK_EVENT_PREFIX } from '../server-events.ts'
import { AD_IMPRESSION } from './families/ad-impression.ts'
import { CUSTOM } from './families/custom.ts'
import { ECONOMY } from './families/economy.ts'
import { ERROR } from './families/error.ts'
import { IN_APP_PURCHASE } from './families/in-app-purchase.ts'
import { INIT } from './families/init.ts'
import { INSTALL } from './families/install.ts'
import { MATCH } from './families/match.ts'
import { PROGRESSION } from './families/progression.ts'
import { PURCHASE } from './families/purchase.ts'
import { SDK_HEALTH } from './families/sdk-health.ts'
import { SESSION_END } from './families/session-end.ts'
import { SESSION_START } from './families/session-start.ts'
import type { EventFamily, TrackFields } from './family.ts'
import { ADJUST } from './server-families/adjust.ts'
import { DEEPLINK_OPEN } from './server-families/deeplink-open.ts'
import { EARN } from './server-families/earn.ts'
import { EVENT_REPLAY } from './server-families/event-replay.ts'
import { POSTBACK } from './server-families/postback.ts'
import { RATES } from './server-families/rates.ts'
import { SPEND } from './server-families/spend.ts'

/** What games send, by `event_type`, in reading order. */
export const CLIENT_FAMILIES = {
  install: INSTALL,
  purchase: PURCHASE,
  init: INIT,
  match: MATCH,
  'in-app-purchase': IN_APP_PURCHASE,
  session_start: SESSION_START,
  session_end: SESSION_END,
  progression: PROGRESSION,
  economy: ECONOMY,
  ad_impression: AD_IMPRESSION,
  error: ERROR,
  custom: CUSTOM,
  sdk_health: SDK_HEALTH,
} as const

/** What the server itself logs. `postback` stands for every event type that begins with `af_`. */
export const SERVER_FAMILIES = {
  earn: EARN,
  spend: SPEND,
  adjust: ADJUST,
  deeplink_open: DEEPLINK_OPEN,
  postback: POSTBACK,
  rates: RATES,
  event_replay: EVENT_REPLAY,
} as const

/** The catalogue: every family, those of games first. */
export const EVENT_FAMILIES: readonly EventFamily[] = [
  ...Object.values(CLIENT_FAMILIES),
  ...Object.values(SERVER_FAMILIES),
]

export type ClientEventType = keyof typeof CLIENT_FAMILIES
export type ServerFamilyName = keyof typeof SERVER_FAMILIES

/** A whole event as it goes over the wire. */
export type EventOf<T extends ClientEventType> = Static<(typeof CLIENT_FAMILIES)[T]['schema']>

/** What a game gives to `track(type, …)`: the SDK adds the envelope. */
export type TrackProperties<T extends ClientEventType = ClientEventType> = TrackFields<
  (typeof CLIENT_FAMILIES)[T]['fields']
>

/** The payload of an event that the server logged. */
export type PayloadOf<N extends ServerFamilyName> = Static<(typeof SERVER_FAMILIES)[N]['schema']>

export const isClientEventType = (type: string): type is ClientEventType =>
  Object.hasOwn(CLIENT_FAMILIES, type)

/** The family of an event in the log; undefined for a free-form one, whose type is only a name. */
export function familyOf(eventType: string): EventFamily | undefined {
  if (isClientEventType(eventType)) return CLIENT_FAMILIES[eventType]
  if (!isReservedEventType(eventType)) return undefined
  if (eventType.toLowerCase().startsWith(POSTBACK_EVENT_PREFIX)) return POSTBACK
  return Object.values(SERVER_FAMILIES).find(({ name }) => name === eventType)
}
