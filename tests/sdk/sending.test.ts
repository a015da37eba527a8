import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { memoryStorage } from '@questline/sdk'
import { describe, expect, it } from 'vitest'
import { createDevice, PURCHASE } from './device.ts'
import { START } from './fake-host.ts'
import { createFakeServer } from './fake-server.ts'

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe('an event', () => {
  it('bears its envelope, flat, with the fields of its family', async () => {
    const server = createFakeServer()
    const { client, host } = createDevice(server, {
      options: { platform: 'ios', appVersion: '1.2.3', country: 'PT' },
    })
    const id = client.track('custom', { name: 'a:b', properties: { hand: 'left' } })
    await host.pass(10_000)
    const [event] = server.stored
    expect(event).toEqual({
      event_id: id,
      event_type: 'custom',
      occurred_at: new Date(START).toISOString(),
      player_id: 'player_1',
      app_id: 'com.game.test',
      platform: 'ios',
      app_version: '1.2.3',
      country: 'PT',
      monotonic: { run: expect.stringMatching(UUID_V7), ms: 5_000 },
      name: 'a:b',
      properties: { hand: 'left' },
      device_id: expect.stringMatching(UUID_V7),
      seq: 1,
    })
    expect(id).toMatch(UUID_V7)
    expect(parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(START)
  })

  it('comes with the version of the package', async () => {
    const path = join(import.meta.dirname, '../../packages/sdk/package.json')
    const { version } = JSON.parse(readFileSync(path, 'utf8'))
    const server = createFakeServer()
    const { client } = createDevice(server)
    client.track('custom', { name: 'a' })
    await client.flush()
    expect(server.requests[0]?.headers['x-sdk']).toBe(`questline-js/${version}`)
  })

  it('may say of itself what the client says of the others, but not its device or number', async () => {
    const server = createFakeServer()
    const { client, host } = createDevice(server)
    const event_id = '0199A1B2-C3D4-7E5F-8A6B-9C0D1E2F3A4B'
    const other = {
      player_id: 'p2',
      platform: 'xbox',
      occurred_at: '2026-01-01T00:00:00Z',
    } as const
    const hidden = { device_id: 'x', seq: 77, country: undefined as never }
    client.track('custom', { name: 'a', event_id, ...other, ...hidden })
    await host.pass(10_000)
    expect(server.stored[0]).toMatchObject({ event_id: event_id.toLowerCase(), ...other, seq: 1 })
    expect(server.stored[0]?.device_id).toMatch(UUID_V7)
    // It was not made now, so its age cannot be read off this clock.
    expect(server.stored[0]).not.toHaveProperty('monotonic')
  })

  it('is of the device while nobody has said who plays, unless it names its players itself', async () => {
    const server = createFakeServer()
    const { client, host } = createDevice(server, { options: { playerId: undefined as never } })
    client.track('custom', { name: 'a' })
    client.track('match', {
      'user-a': 'a',
      'user-b': 'b',
      winner: 'a',
      'user-a-postmatch-info': {
        'coin-balance-after-match': 1,
        'level-after-match': 1,
        device: 'd',
        platform: 'ios',
      },
      'game-tier': 1,
      duration: 1,
    })
    client.setPlayer('ada')
    client.track('custom', { name: 'b' })
    await host.pass(10_000)
    const [first, match, last] = server.stored
    expect(first?.['player_id']).toBe(first?.device_id)
    expect(match).not.toHaveProperty('player_id')
    expect(last?.['player_id']).toBe('ada')
  })

  it('of which no JSON can be made is given up, and throws nothing into the game', async () => {
    const server = createFakeServer()
    const { client, host, told } = createDevice(server)
    const properties: Record<string, unknown> = {}
    properties['me'] = properties
    const id = client.track('custom', { name: 'a', properties })
    await host.pass(10_000)
    expect(told.dropped).toEqual([{ event_id: id, event_type: 'custom', reason: 'invalid' }])
    expect(server.stored).toEqual([])
  })

  it('with the id of one that waits is not recorded twice', async () => {
    const server = createFakeServer()
    const { client, host } = createDevice(server)
    const event_id = client.track('custom', { name: 'a' })
    client.track('custom', { name: 'a', event_id })
    client.track('custom', { name: 'b' })
    await host.pass(10_000)
    expect(server.stored.map(({ seq }) => seq)).toEqual([1, 2])
  })
})

describe('the schedule', () => {
  it('sends after ten seconds, or when twenty events wait', async () => {
    const server = createFakeServer()
    const { client, host } = createDevice(server)
    client.track('custom', { name: 'a' })
    await host.pass(9_999)
    expect(server.requests).toHaveLength(0)
    await host.pass(1)
    expect(server.requests).toHaveLength(1)
    for (let n = 0; n < 20; n += 1) client.track('custom', { name: 'b' })
    await host.pass(0)
    expect(server.requests.map(({ events }) => events.length)).toEqual([1, 20])
    expect(server.violations).toEqual([])
  })

  it('sends a purchase and an install at once, with what waits before them', async () => {
    const server = createFakeServer()
    const { client, host, told } = createDevice(server)
    client.track('custom', { name: 'a' })
    const { event_id } = await client.purchase(PURCHASE)
    await host.pass(0)
    expect(server.stored.map((event) => event.event_type)).toEqual(['custom', 'purchase'])
    const about = { event_id, event_type: 'purchase', status: 'accepted', http_status: 200 }
    expect(told.sent).toContainEqual(about)
    await client.install()
    await host.pass(0)
    expect(server.stored).toHaveLength(3)
  })

  it('has one request under way, of bounded size, and needs no timer between them', async () => {
    const server = createFakeServer()
    const { client, host } = createDevice(server)
    for (let n = 0; n < 1_200; n += 1)
      client.track('custom', { name: 'a', properties: { text: 'é€😀"\\\n'.repeat(200) } })
    await host.pass(0)
    expect(server.stored).toHaveLength(1_200)
    expect(server.violations).toEqual([])
    const bytes = server.requests.map((request) => request.bytes)
    expect(Math.max(...bytes)).toBeLessThanOrEqual(1_000_000)
    expect(Math.max(...bytes)).toBeGreaterThan(1_000_000 - 4_000)
    expect(server.requests.length).toBe(Math.ceil(bytes.reduce((a, b) => a + b) / 996_000))
  })

  it('sends nothing that is not stored: its number would be given to another event', async () => {
    const server = createFakeServer()
    const writes: (() => void)[] = []
    const storage = {
      ...memoryStorage(),
      volatile: false,
      write: () =>
        new Promise<boolean>((resolve) => {
          writes.push(() => resolve(true))
        }),
    }
    const { client, host } = createDevice(server, { storage })
    let isStored = false
    const purchase = client.purchase(PURCHASE).then(({ stored }) => {
      isStored = stored
    })
    await host.pass(60_000)
    expect([isStored, server.requests.length]).toEqual([false, 0])
    for (const end of writes) end()
    await purchase
    await host.pass(0)
    expect([isStored, server.stored.length]).toEqual([true, 1])
  })

  it('sends on flush(), which says whether all is sent', async () => {
    const server = createFakeServer()
    const { client } = createDevice(server)
    client.track('custom', { name: 'a' })
    expect(await client.flush()).toBe(true)
    expect(server.stored).toHaveLength(1)
    server.fault = () => ({ kind: 'reset' })
    client.track('custom', { name: 'b' })
    expect(await client.flush()).toBe(false)
  })

  it('sends at once, with keepalive and at most 60 KB, when the page goes to the background', async () => {
    const server = createFakeServer()
    const { client, host } = createDevice(server, { settings: { flushEvents: 1_000 } })
    await host.settle()
    for (let n = 0; n < 200; n += 1)
      client.track('custom', { name: 'a', properties: { text: 'x'.repeat(1_000) } })
    host.attend('background')
    // Before anything else can happen: the page may be gone in the next moment.
    expect(server.requests).toHaveLength(1)
    expect(server.requests[0]?.keepalive).toBe(true)
    expect(server.requests[0]?.bytes).toBeGreaterThan(55_000)
    await host.pass(0)
    expect(server.stored).toHaveLength(200)
    expect(server.violations).toEqual([])
  })

  it('compresses what is worth it', async () => {
    const server = createFakeServer()
    const compress = async (text: string): Promise<ArrayBuffer> =>
      new Response(
        new Blob([text]).stream().pipeThrough(new CompressionStream('gzip')),
      ).arrayBuffer()
    const { client } = createDevice(server, { options: {} })
    client.track('custom', { name: 'plain' })
    await client.flush()
    const packed = createDevice(server, {})
    const host = { ...packed.host, compress }
    const other = createDevice(server, { host })
    other.client.track('custom', { name: 'short' })
    await other.client.flush()
    for (let n = 0; n < 10; n += 1) other.client.track('custom', { name: 'long' })
    await other.client.flush()
    const [plain, short, long] = server.requests
    expect(plain?.headers).not.toHaveProperty('content-encoding')
    expect(short?.headers).not.toHaveProperty('content-encoding')
    expect(long?.headers).toMatchObject({ 'content-encoding': 'gzip' })
    expect(long?.bytes).toBeLessThan((long?.text.length ?? 0) / 3)
    expect(server.stored).toHaveLength(12)
  })
})

describe('shutdown', () => {
  it('ends the session, sends what waits, and records nothing more', async () => {
    const server = createFakeServer()
    const { client, host, told } = createDevice(server)
    client.session.start()
    await host.pass(60_000)
    client.track('custom', { name: 'last' })
    await client.shutdown()
    const types = server.stored.map((event) => event.event_type)
    expect(types).toEqual(['session_start', 'custom', 'session_end'])
    expect(server.stored[2]).toMatchObject({ duration_ms: 60_000, reason: 'shutdown' })
    const id = client.track('custom', { name: 'late' })
    await host.pass(60_000)
    expect(server.stored).toHaveLength(3)
    expect(told.dropped).toEqual([{ event_id: id, event_type: 'custom', reason: 'closed' }])
  })

  it('waits no longer than it is told to', async () => {
    const server = createFakeServer()
    server.fault = () => ({ kind: 'hang' })
    const { client, host } = createDevice(server)
    client.track('custom', { name: 'a' })
    let isDone = false
    const done = client.shutdown(2_000).then(() => {
      isDone = true
    })
    await host.pass(1_999)
    expect(isDone).toBe(false)
    await host.pass(1)
    await done
  })
})

describe('a session', () => {
  it('names itself in each event, and counts only the time that the player was there', async () => {
    const server = createFakeServer()
    const { client, host } = createDevice(server)
    client.session.start({ language: 'pt-PT' })
    const { id } = client.session
    await host.pass(30_000)
    host.attend('background')
    await host.pass(120_000)
    host.attend('active')
    await host.pass(15_000)
    client.track('custom', { name: 'a' })
    client.session.end()
    client.track('custom', { name: 'outside' })
    await client.flush()
    const [start, inside, end, outside] = server.stored
    expect(start).toMatchObject({ event_type: 'session_start', session_id: id, language: 'pt-PT' })
    expect(inside).toMatchObject({ session_id: id })
    expect(end).toMatchObject({ event_type: 'session_end', session_id: id, duration_ms: 45_000 })
    expect(outside).not.toHaveProperty('session_id')
  })

  it('is another one after a long absence, and the first ended when the player left', async () => {
    const server = createFakeServer()
    const { client, host } = createDevice(server)
    client.session.start()
    const first = client.session.id
    await host.pass(30_000)
    host.attend('background')
    await host.pass(31 * 60_000)
    host.attend('active')
    await client.flush()
    const [, end, start] = server.stored
    const left = new Date(START + 30_000).toISOString()
    expect(end).toMatchObject({ session_id: first, duration_ms: 30_000, occurred_at: left })
    expect(end).toMatchObject({ event_type: 'session_end', reason: 'timeout' })
    expect(start).toMatchObject({ event_type: 'session_start', session_id: client.session.id })
    expect(client.session.id).not.toBe(first)
  })
})
