import type { Lab, LoadResult, RequestTemplate, Server } from '../harness/harness.ts'

export const CONNECTIONS = 32
/** Events of which each batch of a server that deals with duplicates holds some, always the same. */
const KNOWN_ID = '0199a1b2-c3d4-7e5f-8a6b-'
const KEY = 'a-key-of-the-benchmark'
const SETTINGS = { EVENT_API_KEY: KEY, CONSUMERS: 'off' }

/** An event of a device's batch: what all events of a session share is the same in all of them. */
const anEvent = (id: string, n: number): string =>
  `{"event_id":"${id}","event_type":"progression","occurred_at":"2026-03-01T12:00:${String(n % 60).padStart(2, '0')}.${100 + n}Z","player_id":"player_${n % 7}","app_id":"default","platform":"ios","app_version":"1.4.2","session_id":"01957b2e-7c1a-4f0e-9a51-3c8e1d2f4b60","device_id":"7f9c24e8-3b12-4a5d-8e0f-6c1b2a3d4e5f","seq":${n + 1},"status":"complete","world":"forest","level":"${n}","score":${n * 37},"properties":{"coins":${n * 3},"hat":"red"}}`

/** @param known how many of them the server has had before */
export function batchOf(events: number, known = 0): RequestTemplate {
  const all = Array.from({ length: events }, (_, n) =>
    anEvent(n < known ? `${KNOWN_ID}${String(n).padStart(12, '0')}` : '{uuid7}', n),
  )
  return {
    method: 'POST',
    path: '/v1/events',
    body: `{"events":[${all.join()}]}`,
    headers: ['x-sdk: bench/1.0.0'],
    tokens: [KEY],
  }
}

/** A server that has taken batches for a while already, and how to send it more at full load. */
export async function startTaking(
  lab: Lab,
  name: string,
  settings: Readonly<Record<string, string>> = {},
) {
  const server = await lab.startServer(name, { ...SETTINGS, ...settings })
  await lab.warmUp(server, batchOf(50, 10), CONNECTIONS)
  return {
    server,
    send: (load: string, template: RequestTemplate, connections = CONNECTIONS) =>
      lab.load(load, server, template, { connections }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
export type Taking = Awaited<ReturnType<typeof startTaking>>

/** Commits of the load that it plays, per 1,000 events. */
export function commitsPerThousand(server: Server, eventsPerRequest: number) {
  const found: number[] = []
  return {
    found: found as readonly number[],
    async during(play: () => Promise<LoadResult>): Promise<LoadResult> {
      const before = await server.commits()
      const result = await play()
      const after = await server.commits()
      const events = (after.writes - before.writes) * eventsPerRequest
      found.push(((after.commits - before.commits) * 1_000) / events)
      return result
    },
  }
}
