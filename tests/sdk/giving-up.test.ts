import { memoryStorage } from '@questline/sdk'
import { describe, expect, it } from 'vitest'
import { createDevice, PURCHASE } from './device.ts'
import { createFakeHost, START } from './fake-host.ts'
import { createFakeServer } from './fake-server.ts'
import { createItems } from './items.ts'

const DAY = 86_400_000
const types = (events: readonly { readonly event_type: string }[]): string[] =>
  events.map((event) => event.event_type)

describe('a full queue', () => {
  it('gives up design events first, then sessions, then purchases; the oldest of each first', async () => {
    const server = createFakeServer()
    server.fault = () => ({ kind: 'reset' })
    const { client, host, told } = createDevice(server, { settings: { queueEventsMax: 6 } })
    await client.purchase({ ...PURCHASE, product_id: 'p1' })
    client.session.start()
    client.track('custom', { name: 'c1' })
    client.track('custom', { name: 'c2' })
    await client.install()
    client.track('init', { country: 'PT' })
    await client.purchase({ ...PURCHASE, product_id: 'p2' })
    await client.purchase({ ...PURCHASE, product_id: 'p3' })
    client.track('custom', { name: 'c3' })
    for (const product_id of ['p4', 'p5', 'p6', 'p7'])
      await client.purchase({ ...PURCHASE, product_id })
    expect(types(told.dropped)).toEqual([
      ...['custom', 'custom', 'custom'],
      ...['session_start', 'init', 'purchase', 'install'],
    ])
    server.fault = undefined
    await host.pass(120_000)
    const products = server.stored.map((event) => event['product_id'])
    expect(products).toEqual(['p2', 'p3', 'p4', 'p5', 'p6', 'p7', undefined])
  })

  it('tells the server by reason, once, and leaves gaps in the numbers', async () => {
    const server = createFakeServer()
    server.fault = () => ({ kind: 'reset' })
    const { client, host } = createDevice(server, { settings: { queueEventsMax: 10 } })
    for (let n = 0; n < 25; n += 1) client.track('custom', { name: 'a' })
    client.track('custom', { name: 'a', properties: { text: 'x'.repeat(40_000) } })
    await host.pass(60_000)
    server.fault = undefined
    await host.pass(120_000)
    const reports = server.stored.filter((event) => event.event_type === 'sdk_health')
    expect(reports).toMatchObject([{ dropped_by_reason: { 'queue-full': 15, 'too-large': 1 } }])
    expect(server.stored.map((event) => event.seq)).toEqual([
      ...[16, 17, 18, 19, 20, 21, 22, 23, 24, 25],
      26,
    ])
  })

  it('is full by bytes of UTF-8, which are not characters', async () => {
    const server = createFakeServer()
    server.fault = () => ({ kind: 'reset' })
    const { client, host, told } = createDevice(server, { settings: { queueBytesMax: 20_000 } })
    const text = '😀é€\u0001"'.repeat(50)
    for (let n = 0; n < 50; n += 1) client.track('custom', { name: 'a', properties: { text } })
    await host.pass(0)
    server.fault = undefined
    await host.pass(120_000)
    const sent = server.stored.filter((event) => event.event_type === 'custom')
    const bytes = sent.map((event) => Buffer.byteLength(JSON.stringify(event)))
    const [each = 0] = bytes
    expect(bytes.reduce((sum, one) => sum + one)).toBeLessThanOrEqual(20_000)
    expect(bytes.reduce((sum, one) => sum + one)).toBeGreaterThan(20_000 - 2 * each)
    expect(told.dropped.length + sent.length).toBe(50)
  })

  it('keeps what is in a request under way, also when its answer comes late', async () => {
    const server = createFakeServer()
    const { client, host, told } = createDevice(server, { settings: { queueEventsMax: 5 } })
    for (let n = 0; n < 5; n += 1) client.track('custom', { name: 'old' })
    server.fault = () => ({ kind: 'hang' })
    const sending = client.flush()
    await host.settle()
    for (let n = 0; n < 5; n += 1) client.track('custom', { name: 'new' })
    server.fault = undefined
    await host.pass(60_000)
    await sending
    const names = server.stored.filter(({ event_type }) => event_type === 'custom')
    expect(names.map((event) => event['name'])).toEqual(Array(5).fill('old'))
    expect(told.dropped).toHaveLength(5)
    expect(server.violations).toEqual([])
  })

  it('keeps a report of losses that is lost itself', async () => {
    const server = createFakeServer()
    const { client, host } = createDevice(server)
    client.track('custom', { name: 'a', properties: { text: 'x'.repeat(40_000) } })
    client.track('custom', { name: 'a' })
    let isFirst = true
    server.fault = ({ events }) => {
      const isRefused = isFirst && types(events).includes('sdk_health')
      if (isRefused) isFirst = false
      return isRefused ? { kind: 'status', status: 400 } : undefined
    }
    await host.pass(10_000)
    client.track('custom', { name: 'b' })
    await host.pass(10_000)
    const reports = server.stored.filter((event) => event.event_type === 'sdk_health')
    expect(reports).toMatchObject([{ dropped_by_reason: { 'too-large': 1 } }])
  })
})

describe('a full disk', () => {
  const text = 'x'.repeat(1_000)

  it('gives up design events for a purchase, which is stored', async () => {
    const { storage, locks } = createItems(30_000)
    const server = createFakeServer()
    server.fault = () => ({ kind: 'reset' })
    const { client, host, told } = createDevice(server, { storage: storage() })
    for (let n = 0; n < 40; n += 1) {
      client.track('custom', { name: 'a', properties: { text } })
      await host.settle()
    }
    // They are in memory only: nothing that matters less could make room for them.
    expect(told.error.length).toBeGreaterThan(0)
    expect(told.dropped).toEqual([])
    const purchases = []
    for (let n = 0; n < 10; n += 1) purchases.push(await client.purchase(PURCHASE))
    expect(purchases.every(({ stored }) => stored)).toBe(true)
    expect(new Set(types(told.dropped))).toEqual(new Set(['custom']))
    host.die()
    locks.killAll()
    server.fault = undefined
    const later = createDevice(server, { storage: storage(), seed: 2 })
    await later.host.pass(120_000)
    const received = server.stored.filter((event) => event.event_type === 'purchase')
    expect(received.map((event) => event.event_id)).toEqual(
      purchases.map(({ event_id }) => event_id),
    )
  })

  it('of others lets the events be sent from memory, and says that they are not stored', async () => {
    const { storage } = createItems(2_000)
    const server = createFakeServer()
    const { client, host, told } = createDevice(server, { storage: storage() })
    client.track('custom', { name: 'a' })
    await host.settle()
    server.fault = () => ({ kind: 'reset' })
    const properties = { text }
    const { stored } = await client.purchase({ ...PURCHASE, properties })
    const other = await client.purchase({ ...PURCHASE, properties })
    expect([stored, other.stored]).toContain(false)
    expect(told.error[0]).toMatchObject({ kind: 'storage' })
    server.fault = undefined
    await host.pass(120_000)
    expect(types(server.stored).filter((type) => type === 'purchase')).toHaveLength(2)
  })

  it('or none at all is told, and the game goes on in memory', async () => {
    const server = createFakeServer()
    const storage = {
      ...memoryStorage(),
      open: () => Promise.reject(new Error('private window')),
    }
    const { client, host, told } = createDevice(server, { storage })
    const { stored } = await client.purchase(PURCHASE)
    await host.pass(0)
    expect(stored).toBe(false)
    expect(told.error).toMatchObject([{ kind: 'storage' }])
    expect(types(server.stored)).toEqual(['purchase'])
  })

  it('that brings back half a text loses that event alone, and counts it', async () => {
    const { storage, items, locks } = createItems()
    const server = createFakeServer()
    server.fault = () => ({ kind: 'reset' })
    const first = createDevice(server, { storage: storage() })
    for (let n = 0; n < 3; n += 1) await first.client.purchase(PURCHASE)
    first.host.die()
    locks.killAll()
    const [key = ''] = [...items.texts].filter(([, json]) => json.includes('"seq":2'))[0] ?? []
    items.setItem(key, '{"event_id":"')
    server.fault = undefined
    const second = createDevice(server, { storage: storage(), seed: 2 })
    await second.host.pass(120_000)
    expect(server.stored.map((event) => event.seq)).toEqual([1, 3, 4])
    expect(server.stored[2]).toMatchObject({ dropped_by_reason: { 'storage-failed': 1 } })
    expect([...items.texts.keys()].filter((name) => !name.endsWith('state'))).toEqual([])
  })
})

describe('the count of what was given up', () => {
  it('survives the process', async () => {
    const { storage, locks } = createItems()
    const server = createFakeServer()
    server.fault = () => ({ kind: 'reset' })
    const settings = { queueEventsMax: 3 }
    const first = createDevice(server, { storage: storage(), settings })
    for (let n = 0; n < 8; n += 1) first.client.track('custom', { name: 'a' })
    await first.host.settle()
    first.host.die()
    locks.killAll()
    server.fault = undefined
    const second = createDevice(server, { storage: storage(), settings, seed: 2 })
    await second.host.pass(120_000)
    const reports = server.stored.filter((event) => event.event_type === 'sdk_health')
    expect(reports).toMatchObject([{ dropped_by_reason: { 'queue-full': 5 } }])
  })
})

describe('age', () => {
  it('of more than 30 days is too much: the server has forgotten the ids', async () => {
    const { storage, locks } = createItems()
    const server = createFakeServer()
    server.fault = () => ({ kind: 'reset' })
    const old = createDevice(server, { storage: storage() })
    await old.client.purchase(PURCHASE)
    old.host.setClock(START + 5 * DAY)
    const { event_id } = await old.client.purchase(PURCHASE)
    old.host.die()
    locks.killAll()
    server.fault = undefined
    const { host, told } = createDevice(server, {
      storage: storage(),
      at: START + 31 * DAY,
      seed: 2,
    })
    await host.pass(60_000)
    expect(told.dropped).toMatchObject([{ event_type: 'purchase', reason: 'expired' }])
    expect(server.stored.map((event) => event.event_id)[0]).toBe(event_id)
  })

  it('also ends an event while the game runs on', async () => {
    const server = createFakeServer()
    server.fault = () => ({ kind: 'status', status: 503 })
    const { client, host, told } = createDevice(server, { settings: { ageMaxMs: 600_000 } })
    await client.purchase(PURCHASE)
    await host.pass(700_000)
    expect(told.dropped).toMatchObject([{ reason: 'expired' }])
  })

  it('is not what a clock says that jumps', async () => {
    const server = createFakeServer()
    server.fault = () => ({ kind: 'reset' })
    const { client, host, told } = createDevice(server)
    await client.purchase(PURCHASE)
    for (const year of [2040, 1970, 2026]) {
      host.setClock(Date.UTC(year, 5))
      await client.purchase(PURCHASE)
      await host.pass(60_000)
    }
    server.fault = undefined
    await host.pass(120_000)
    expect(types(server.stored)).toEqual(Array(4).fill('purchase'))
    expect(told.dropped).toEqual([])
    expect(server.violations).toEqual([])
  })

  it('is unknown of events from before there was a date, and of those from the future', async () => {
    for (const at of [Date.UTC(1970, 0, 2), Date.UTC(2051, 0)]) {
      const { storage, locks } = createItems()
      const server = createFakeServer()
      server.fault = () => ({ kind: 'reset' })
      const first = createDevice(server, { storage: storage(), at })
      await first.client.purchase(PURCHASE)
      first.host.die()
      locks.killAll()
      server.fault = undefined
      const second = createDevice(server, { storage: storage(), seed: 2 })
      await second.host.pass(60_000)
      expect(types(server.stored)).toEqual(['purchase'])
    }
  })

  it('is told by two readings of one clock, in the event and in the header', async () => {
    const server = createFakeServer()
    const host = createFakeHost(server.fetch)
    const { client } = createDevice(server, { host })
    server.fault = () => ({ kind: 'reset' })
    client.track('custom', { name: 'a' })
    await host.pass(100_000)
    server.fault = undefined
    await host.pass(60_000)
    const { monotonic } = server.stored[0] as unknown as { monotonic: { run: string; ms: number } }
    const [run, ms] = server.requests.at(-1)?.headers['x-monotonic']?.split(';') ?? []
    expect(run).toBe(monotonic.run)
    const age = host.now() - Date.parse(String(server.stored[0]?.['occurred_at']))
    expect(Number(ms) - monotonic.ms).toBeLessThanOrEqual(age)
    expect(Number(ms) - monotonic.ms).toBeGreaterThan(100_000)
  })
})
