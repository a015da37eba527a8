// One device with the SDK on it, for tests: its machine, its client, and what the client told.
import {
  type Client,
  type ClientOptions,
  createClient,
  type EventStorage,
  type Notices,
  type Settings,
} from '@questline/sdk'
import { createFakeHost, type FakeHost } from './fake-host.ts'
import type { FakeServer } from './fake-server.ts'

export type Device = {
  readonly host: FakeHost
  readonly client: Client
  readonly told: { readonly [N in keyof Notices]: Notices[N][] }
}

export type DeviceOptions = {
  readonly storage?: EventStorage
  readonly settings?: Partial<Settings>
  readonly seed?: number
  readonly at?: number
  readonly host?: FakeHost
  readonly options?: Partial<ClientOptions>
}

/** A device that talks to `server`. */
export function createDevice(server: Pick<FakeServer, 'fetch'>, parts: DeviceOptions = {}): Device {
  const { storage, settings = {}, seed = 1, at, options } = parts
  const host =
    parts.host ?? createFakeHost(server.fetch, { seed, ...(at === undefined ? {} : { at }) })
  const client = createClient({
    url: 'http://game.test/',
    apiKey: 'key',
    appId: 'com.game.test',
    playerId: 'player_1',
    settings,
    host,
    ...(storage ? { storage } : {}),
    ...options,
  })
  const told: Device['told'] = { sent: [], rejected: [], dropped: [], error: [] }
  client.on('sent', (notice) => told.sent.push(notice))
  client.on('rejected', (notice) => told.rejected.push(notice))
  client.on('dropped', (notice) => told.dropped.push(notice))
  client.on('error', (notice) => told.error.push(notice))
  return { host, client, told }
}

export const PURCHASE = {
  product_id: 'gems_pack_01',
  quantity: 1,
  amount_micros: 4_990_000,
  currency: 'EUR',
} as const
