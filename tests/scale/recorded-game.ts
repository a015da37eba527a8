// A game of `questline simulate` on the two API nodes of a cluster, with a record of every request: what
// was sent, when, and what came back. From it the same requests are sent to another server.
import { gunzipSync } from 'node:zlib'
import { systemClock } from '../../packages/server/src/platform/platform.ts'
import {
  type Fetch,
  machineTime,
  type SimulationResult,
  simulateGame,
} from '../../packages/server/src/simulate/simulate.ts'
import { ROUGH } from '../simulation/played-game.ts'

export type Sent = {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | ArrayBuffer
  readonly eventIds: readonly string[]
  readonly from: number
  readonly to: number
  /** Null when nothing came back. */
  readonly verdicts: readonly Verdict[] | null
}
export type Verdict = { readonly event_id: string | null; readonly status: string }

export type RecordedGame = {
  readonly sent: Sent[]
  readonly result: SimulationResult
}

export type RecordedSettings = {
  readonly urls: readonly [string, string]
  readonly key: string
  readonly app: string
  readonly seed: string
  /** Resolves when all that regulars have said of themselves is where matches look for it. */
  readonly introduced: () => Promise<void>
  /** Ends the game. */
  readonly signal: AbortSignal
}

const LONGEST_MINUTES = 15
const PLAYERS = 60

/** As many of the players log in before anything else happens. */
export const REGULARS = PLAYERS / 4

/** Rough and under load, until the signal ends it. */
export async function recordGame(settings: RecordedSettings): Promise<RecordedGame> {
  const sent: Sent[] = []
  const result = await simulateGame(
    {
      ...{ time: machineTime(systemClock), monotonic: systemClock.monotonic },
      fetch: recording(sent, settings),
      // What the server counts is compared row by row elsewhere.
      ask: async () => Response.json({}),
      ...{ pause: async () => undefined, progress: () => undefined, signal: settings.signal },
    },
    {
      ...{ ...ROUGH, duplicates: 0.1, bad: 0.06, offline: 0.02, late: 0.03 },
      ...{ app: settings.app, seed: settings.seed, players: PLAYERS, rate: 60, speed: 1 },
      ...{ minutes: LONGEST_MINUTES, patienceMs: 60_000, edgeMs: 0, grains: [] },
      ...{ url: settings.urls[0], ingestKey: settings.key, operatorKey: 'none' },
    },
  )
  return { sent, result }
}

/** One node after the other, as a load balancer does that does not know yet that one of them is gone. */
function recording(sent: Sent[], { urls, introduced }: RecordedSettings): Fetch {
  let turn = 0
  let gate: Promise<void> | null = null
  return async (url, request) => {
    const { method, headers, body = '', signal } = request
    const events = eventsOf(headers, body)
    if (!events.some((event) => event['event_type'] === 'init')) {
      gate ??= introduced()
      await gate
    }
    const { pathname, search } = new URL(url)
    const path = `${pathname}${search}`
    const eventIds = events.map((event) => String(event['event_id']))
    const from = Date.now()
    const note = (verdicts: Sent['verdicts']): void => {
      sent.push({ path, headers, body, eventIds, from, to: Date.now(), verdicts })
    }
    turn += 1
    try {
      const response = await fetch(new URL(path, urls[turn % urls.length]), {
        ...{ method, headers, body },
        ...(signal instanceof AbortSignal ? { signal } : {}),
      })
      const { results } = Object(await response.clone().json())
      note(Array.isArray(results) ? results : null)
      return response
    } catch (error) {
      note(null)
      throw error
    }
  }
}

type Fields = Readonly<Record<string, unknown>>

function eventsOf(headers: Readonly<Record<string, string>>, body: string | ArrayBuffer): Fields[] {
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body)
  const isPacked = Object.entries(headers).some(
    ([name, value]) => name.toLowerCase() === 'content-encoding' && value === 'gzip',
  )
  const { events } = Object(JSON.parse((isPacked ? gunzipSync(bytes) : bytes).toString('utf8')))
  return Array.isArray(events) ? events : []
}
