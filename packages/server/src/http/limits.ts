import { isIPv6 } from 'node:net'
import { ProblemError, type Route } from '@questline/contracts'
import type { LiveNodes, SharedFailures } from '../nodes/nodes.ts'
import { type Clock, createRateLimit, type Rate, type RateLimit } from '../platform/platform.ts'
import type { Caller, Endpoint } from './endpoint.ts'
import { createGuessLimit } from './guess-limit.ts'

export type LimitSettings = {
  /** Off for load tests. Shedding goes on. */
  readonly on: boolean
  readonly player: Rate
  readonly address: Rate
  readonly login: Rate
  readonly track: Rate
  readonly loginFailuresPerMinute: number
}

export type Limits = {
  /** Before anything is read or checked. */
  beforeRoute(route: Route, address: string): void
  /** The same for a page that is no route of the contract. */
  beforePage(address: string): void
  afterIdentified(caller: Caller): void
  /** Instead of these two, for a request that seemed to bear a key; null: it bore none that is valid. */
  afterKey(route: Route, address: string, caller: Caller | null): void
  /** The endpoint; one at which somebody may guess counts the failures of each address. */
  guarded(endpoint: Endpoint): Endpoint
}

const LOGINS = new Set(['login', 'passwordLogin', 'refresh'])
const GUESSES = new Set(['login', 'passwordLogin', 'refresh', 'register'])
const KEYS_MAX = 100_000
/** Health must answer while an address is over its limit, or the balancer takes the server out. */
const UNLIMITED = new Set(['health', 'live', 'ready'])

/** Of which nodes this one is, where there may be several. */
export type Sharing = {
  readonly failures: SharedFailures
  readonly nodes: Pick<LiveNodes, 'count'>
}

/**
 * Rates are counted here, in memory, and divided by the nodes that live: a balancer spreads requests
 * evenly. Failures, which are few and stand between a thief and a password, are counted together.
 */
export function createLimits(
  clock: Clock,
  settings: LimitSettings,
  sharing: Sharing | null = null,
): Limits {
  const limitOf = (rate: Rate): RateLimit =>
    createRateLimit(rate, KEYS_MAX, () => sharing?.nodes.count() ?? 1)
  const players = limitOf(settings.player)
  const addresses = limitOf(settings.address)
  const logins = limitOf(settings.login)
  const tracks = limitOf(settings.track)
  const guesses = createGuessLimit(
    clock,
    settings.loginFailuresPerMinute,
    sharing?.failures ?? null,
  )
  if (!settings.on) {
    return {
      beforeRoute() {},
      beforePage() {},
      afterIdentified() {},
      afterKey() {},
      guarded: (endpoint) => endpoint,
    }
  }

  const take = (limit: RateLimit, key: string): void => {
    refuseFor(limit.take(key, clock.monotonic()))
  }

  return {
    beforeRoute(route, address) {
      if (UNLIMITED.has(route.id)) return
      const key = addressKey(address)
      take(addresses, key)
      if (route.id === 'track') take(tracks, key)
      if (GUESSES.has(route.id)) guesses.allow(key)
      if (LOGINS.has(route.id)) take(logins, key)
      if (route.id === 'register') guesses.count(key)
    },
    beforePage: (address) => take(addresses, addressKey(address)),
    afterIdentified(caller) {
      if (caller.kind === 'player') take(players, caller.playerId)
    },
    afterKey(route, address, caller) {
      // The studio's own servers send many players' requests from one address. Ingest keys lie in
      // every copy of the game, so they prove nothing about an address.
      const isOurs = caller?.kind === 'key' && caller.scope !== 'ingest'
      if (!isOurs && !UNLIMITED.has(route.id)) take(addresses, addressKey(address))
    },
    guarded(endpoint) {
      if (!GUESSES.has(endpoint.route.id)) return endpoint
      const limit = LOGINS.has(endpoint.route.id) ? guesses.attempt : guesses.counted
      return {
        ...endpoint,
        handle: (call) => limit(addressKey(call.request.ip), () => endpoint.handle(call)),
      }
    },
  }
}

function refuseFor(waitMs: number): void {
  if (waitMs > 0) throw new ProblemError('too-many-requests', { retryAfter: waitMs / 1_000 })
}

/** One household has a whole /64 of IPv6, so that is one address here. */
export function addressKey(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : new Array(8 - left.length - right.length).fill('0')
  return [...left, ...zeros, ...right].slice(0, 4).join(':')
}
