import { EVENT, isReservedEventType, ProblemError } from '@questline/contracts'
import { endpoint, ok } from '../endpoint.ts'
import { appOf, keyReused, playerOf } from '../movements.ts'
import type { EndpointParts } from '../parts.ts'
import { parseClientTime } from '../validation.ts'

export const event = ({ log, clock, settings }: EndpointParts) =>
  endpoint(EVENT, async ({ body, caller, intent }) => {
    if (isReservedEventType(body.eventType)) {
      throw new ProblemError('reserved-event-type', {
        errors: [{ pointer: '#/eventType', detail: `${body.eventType} is written by the server` }],
      })
    }
    const receivedAt = clock.now()
    const recorded = await log.record({
      app: appOf(caller, settings.defaultApp),
      eventType: body.eventType,
      playerId: playerOf(caller, body.userId),
      occurredAt: occurredAt(body, receivedAt),
      receivedAt,
      payload: body.meta ?? null,
      intent,
      mustExist: caller.kind === 'key',
    })
    if (recorded.kind === 'unknown-player') throw new ProblemError('unknown-player')
    if (recorded.kind === 'key-reused') throw keyReused()
    return { ...ok({ ok: true, eventId: recorded.offset }), replayed: recorded.replayed }
  })

function occurredAt(
  body: { readonly timestampUtc?: string; readonly tsUtc?: string },
  receivedAt: number,
): number {
  const sent = body.timestampUtc ?? body.tsUtc
  if (body.timestampUtc !== undefined && body.tsUtc !== undefined) {
    throw new ProblemError('invalid-request', {
      errors: [{ pointer: '#/tsUtc', detail: 'is another name of timestampUtc: send one of them' }],
    })
  }
  return sent === undefined ? receivedAt : Math.min(parseClientTime(sent), receivedAt)
}
