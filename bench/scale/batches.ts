import type { RequestSource } from '../harness/generator.ts'
import { requestsOf } from '../harness/request-template.ts'
import { eventOf } from '../windows/made-up-events.ts'

export const BATCH_EVENTS = 50
/** An eighth of the events are `init`s, as at the beginning of sessions; 20,000 players take turns. */
const BATCHES = 400

/**
 * Batches of the made-up game that happen now: ten types, three platforms, ten countries, a tenth
 * purchases, a tenth matches, eight events of a player in a row.
 * @param session another one gives other players
 */
export function batchesOf(key: string, session: number, connections: number): RequestSource {
  const sources = Array.from({ length: BATCHES }, (_, batch) =>
    requestsOf(
      {
        method: 'POST',
        path: '/v1/events',
        body: `{"events":[${eventsOf(batch * BATCH_EVENTS, session).join()}]}`,
        headers: ['x-sdk: bench/1.0.0'],
        tokens: [key],
      },
      connections,
    ),
  )
  return (connection, n) => sources[(connection + n * connections) % BATCHES]?.(connection, n) ?? ''
}

const eventsOf = (first: number, session: number): readonly string[] =>
  Array.from({ length: BATCH_EVENTS }, (_, index) => {
    const { type, player, fields } = eventOf(first + index, { begin: 0, session })
    return JSON.stringify({
      ...{ event_id: '{uuid7}', event_type: type, player_id: player, occurred_at: '{now}' },
      ...fields,
    })
  })
