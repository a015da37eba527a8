// The SDK against the real server: what the fake one stands for elsewhere must be true.

import type { createClient, HttpRequest } from '@questline/sdk'
import { indexedDbQueue } from '@questline/sdk/storage/indexeddb'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshSqlite } from '../database.ts'
import { startServer, type TestServer } from '../http/server.ts'
import { createDevice, PURCHASE } from './device.ts'
import type { FakeServer } from './fake-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ name: 'sqlite', fresh: freshSqlite })
})
afterAll(() => server.stop())
afterEach(() => vi.unstubAllGlobals())

/** A client in real time, and what it told. */
function createGame(options: Partial<Parameters<typeof createClient>[0]> = {}) {
  const { client, told } = createDevice(NOBODY, {
    options: {
      url: server.url,
      apiKey: server.keys.ingest,
      appId: 'my-game',
      platform: 'ios',
      host: {},
      ...options,
    },
  })
  return { client, told }
}
const NOBODY: Pick<FakeServer, 'fetch'> = { fetch: () => Promise.reject(new Error('unused')) }

describe('the real server', () => {
  it('accepts an event of every family, compressed or not, and knows each again', async () => {
    const { client, told } = createGame({ playerId: 'ada', appVersion: '1.0.0', country: 'PT' })
    client.session.start({ language: 'pt-PT', connection: 'wifi' })
    await client.install({ campaign: 'SUMMER_2026' })
    await client.purchase({ ...PURCHASE, store: 'apple', transaction_id: 't-1' })
    client.track('init', { country: 'PT' })
    client.track('match', {
      'user-a': 'ada',
      'user-b': 'grace',
      winner: 'ada',
      'user-a-postmatch-info': {
        'coin-balance-after-match': 10,
        'level-after-match': 2,
        device: 'iPhone 17',
        platform: 'ios',
      },
      'game-tier': 1,
      duration: 180,
    })
    client.track('in-app-purchase', { purchase_value: 4.99, 'product-id': 'coins' })
    client.track('progression', { status: 'complete', level: 12, world: 'ice' })
    client.track('economy', { flow: 'sink', resource: 'coins', amount: 5 })
    client.track('ad_impression', { ad_format: 'rewarded' })
    client.track('error', { message: 'é€😀 "quoted" \\ \u0001', severity: 'warning' })
    client.track('custom', { name: 'a:b', value: 1.5, properties: { deep: { list: [1, null] } } })
    client.session.end('logout')
    const event_id = client.track('custom', { name: 'again' })
    // Larger than the events of a browser's keepalive.
    for (let n = 0; n < 300; n += 1)
      client.track('custom', { name: 'many', properties: { text: '😀'.repeat(100) } })
    expect(await client.flush()).toBe(true)
    expect(told.rejected).toEqual([])
    expect(told.sent).toHaveLength(313)
    expect(told.sent.every(({ status }) => status === 'accepted')).toBe(true)
    client.track('custom', { name: 'again', event_id })
    await client.flush()
    expect(told.rejected).toMatchObject([
      { event_id, status: 'conflict', code: 'event-id-conflict' },
    ])
    await client.shutdown()
  })

  it('accepts the report of what was given up', async () => {
    const { client, told } = createGame({ playerId: 'ada' })
    client.track('custom', { name: 'big', properties: { text: 'x'.repeat(40_000) } })
    client.track('custom', { name: 'small' })
    await client.flush()
    expect(told.dropped).toMatchObject([{ reason: 'too-large' }])
    expect(told.sent.map((notice) => notice.event_type)).toEqual(['custom', 'sdk_health'])
    await client.shutdown()
  })

  it('rejects a bad event without its neighbours, and says where', async () => {
    const { client, told } = createGame({ playerId: 'ada' })
    client.track('custom', { name: 'good' })
    client.track('custom', { name: 'a::b' })
    client.track('purchase', { ...PURCHASE, currency: 'XXQ' })
    client.track('custom', { name: 'good too' })
    await client.flush()
    expect(told.sent).toHaveLength(2)
    expect(told.rejected).toMatchObject([
      { status: 'rejected', code: 'schema', path: '/name' },
      { status: 'rejected', code: 'schema', path: '/currency' },
    ])
    await client.shutdown()
  })

  it('says `duplicate` of what it stored while its answer was lost', async () => {
    let isLost = true
    const { client, told } = createGame({
      playerId: 'ada',
      settings: { backoffMaxMs: 5 },
      host: {
        async fetch(url: string, request: HttpRequest) {
          const answer = await fetch(url, { ...request, body: request.body ?? null })
          if (!isLost) return answer
          isLost = false
          throw new TypeError('the connection broke')
        },
      },
    })
    await client.purchase({ ...PURCHASE, transaction_id: 't-2', store: 'apple' })
    await expect.poll(() => told.sent).toMatchObject([{ status: 'duplicate' }])
    await client.shutdown()
  })

  it('refuses a wrong key, and takes everything once there is a right one', async () => {
    const { client, told } = createGame({ playerId: 'ada', apiKey: 'wrong' })
    await client.purchase(PURCHASE)
    await expect.poll(() => told.error).toMatchObject([{ kind: 'unauthorized', http_status: 401 }])
    client.resume(server.keys.ingest)
    await expect.poll(() => told.sent).toHaveLength(1)
    await client.shutdown()
  })

  it('takes what an IndexedDB has kept', async () => {
    vi.stubGlobal('IDBKeyRange', IDBKeyRange)
    const indexedDB = Object(new IDBFactory())
    const storage = () => indexedDbQueue({ indexedDB })
    const offline = createGame({
      storage: storage(),
      host: { fetch: () => Promise.reject(new TypeError('no network')) },
    })
    const { stored, event_id } = await offline.client.purchase(PURCHASE)
    expect(stored).toBe(true)
    await offline.client.shutdown()
    const { client, told } = createGame({ storage: storage(), playerId: 'ada' })
    await expect.poll(() => told.sent).toMatchObject([{ event_id, status: 'accepted' }])
    await client.shutdown()
  })
})
