import type { LogEvent, ServerEventType } from '@questline/contracts'
import type { Work } from '../store/store.ts'
import type { AppendToLog } from './postbacks.ts'

export type DeeplinkOpen = {
  readonly character: string | null
  readonly campaign: string | null
  readonly playerId: string | null
  readonly app: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

const EVENT_TYPE = 'deeplink_open' satisfies ServerEventType

export const createDeeplinkWork = (append: AppendToLog): Work<DeeplinkOpen, number> => ({
  name: 'attribution.deeplinks',
  async apply(tx, opens) {
    const first = await append(tx, opens.map(toLogEvent))
    return opens.map((_, index) => first + index)
  },
})

const toLogEvent = ({ character, campaign, playerId, app, at }: DeeplinkOpen): LogEvent => ({
  app,
  eventType: EVENT_TYPE,
  playerId,
  occurredAt: at,
  receivedAt: at,
  payload: JSON.stringify({ character, campaign }),
})
