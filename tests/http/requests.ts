// A request of each route that is right in every part. A route without one fails the suites that
// are generated from the contract, so that no new route goes untested.
import { randomUUID } from 'node:crypto'
import type { Route } from '@questline/contracts'
import type { Sent } from './client.ts'
import { anInstall, aPurchase } from './game-events.ts'

export type RightRequest = {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
}

/** By the route's id. `userId` is left out wherever it is optional. */
const RIGHT: Readonly<Record<string, RightRequest>> = {
  login: { body: { userId: 'somebody' } },
  register: { body: { username: 'somebody', password: 'long enough' } },
  passwordLogin: { body: { username: 'somebody', password: 'long enough' } },
  refresh: { body: { refreshToken: 'A'.repeat(51) } },
  logout: {},
  earn: { body: { amount: 1 } },
  spend: { body: { amount: 1 } },
  balance: {},
  wallet: {},
  ledger: {},
  user: { params: { userId: 'somebody' } },
  userLedger: { params: { userId: 'somebody' } },
  userUpdate: { body: { userId: 'somebody', balance: 10 } },
  event: { body: { eventType: 'x' } },
  events: {},
  stats: {},
  ingest: { body: { events: [] } },
  ingestInstall: { body: anInstall() },
  ingestPurchase: { body: aPurchase() },
  track: {},
  kpiMinutes: {},
  kpiHours: {},
  kpiDays: {},
  kpiStream: {},
  quality: {},
  loss: {},
  runPipeline: {},
  reports: {},
  reportRuns: {},
  report: { params: { name: 'roas_d1' } },
  postback: { body: { event_name: 'x', appsflyer_id: '1' } },
  health: {},
  live: {},
  ready: {},
  problem: { params: { code: 'not-found' } },
}

export function rightRequest(route: Route): RightRequest {
  const right = RIGHT[route.id]
  if (!right) throw new Error(`requests.ts has no right request for the route "${route.id}"`)
  return right
}

export type Place = { readonly part: 'params' | 'query' | 'body'; readonly name: string }

/** Where a request of `route` names a player, by the contract's own field names. */
export function idPlaces(route: Route): readonly Place[] {
  const parts = ['params', 'query', 'body'] as const
  return parts.flatMap((part) =>
    propertiesOf(route[part])
      .filter((name) => ID_NAMES.includes(name))
      .map((name) => ({ part, name })),
  )
}

export const ID_NAMES = ['userId', 'uid', 'playerId', 'player_id', 'user_id']

export const propertiesOf = (schema: unknown): string[] => {
  const { properties } = (schema ?? {}) as { properties?: Record<string, unknown> }
  return Object.keys(properties ?? {})
}

/** The request with `userId` at `place`. */
export function naming(request: RightRequest, place: Place, userId: string): RightRequest {
  // Another player's is another event.
  const own = request[place.part]?.['event_id'] === undefined ? {} : { event_id: randomUUID() }
  return { ...request, [place.part]: { ...request[place.part], ...own, [place.name]: userId } }
}

/** The path and the rest of a request, for `send`. */
export function toSend(route: Route, request: RightRequest, path = route.path): [string, Sent] {
  const filled = path.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(request.params?.[name] ?? ''),
  )
  const query = new URLSearchParams(request.query).toString()
  const body = request.body ? { body: request.body } : {}
  return [query === '' ? filled : `${filled}?${query}`, { method: route.method, ...body }]
}
