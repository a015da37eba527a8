import { describe, expect, it } from 'vitest'
import { createDevice, PURCHASE } from './device.ts'
import { createFakeServer, type Fault, type SeenRequest } from './fake-server.ts'

const MINUTE = 60_000

/** Milliseconds of the SDK's own clock at which requests were sent. */
const times = (requests: readonly SeenRequest[]): number[] =>
  requests.map(({ headers }) => Number(headers['x-monotonic']?.split(';')[1]))
const gaps = (requests: readonly SeenRequest[]): number[] =>
  times(requests).flatMap((time, at, all) => (at === 0 ? [] : [time - (all[at - 1] ?? 0)]))

const OUTAGES: readonly Fault[] = [
  { kind: 'reset' },
  { kind: 'hang' },
  { kind: 'login-page' },
  { kind: 'no-verdicts' },
  ...[300, 408, 429, 500, 502, 503, 504].map((status) => ({ kind: 'status', status }) as const),
]

describe.each(OUTAGES.map((fault) => [JSON.stringify(fault), fault] as const))(
  'ten minutes of %s',
  (_, fault) => {
    it('lose nothing and double nothing', async () => {
      const server = createFakeServer()
      const { client, host, told } = createDevice(server)
      server.fault = () => fault
      const ids: string[] = []
      for (let second = 0; second < 600; second += 10) {
        ids.push(client.track('custom', { name: 'a' }))
        if (second % 60 === 0) ids.push((await client.purchase(PURCHASE)).event_id)
        await host.pass(10_000)
      }
      expect(server.stored).toEqual([])
      server.fault = undefined
      await host.pass(2 * MINUTE)
      expect(server.stored.map((event) => event.event_id)).toEqual(ids)
      expect(server.stored.map((event) => event.seq)).toEqual(ids.map((_id, at) => at + 1))
      expect(told.sent.map((notice) => notice.event_id)).toEqual(ids)
      expect([...told.dropped, ...told.rejected, ...told.error]).toEqual([])
      expect(server.violations).toEqual([])
    })
  },
)

describe('pauses after failures', () => {
  it('are random between 0 and a bound that doubles from half a second to a minute', async () => {
    const longest: number[] = []
    const shortest: number[] = []
    for (let seed = 1; seed <= 40; seed += 1) {
      const server = createFakeServer()
      server.fault = () => ({ kind: 'status', status: 503 })
      const { client, host } = createDevice(server, { seed })
      await client.purchase(PURCHASE)
      await host.pass(30 * MINUTE)
      gaps(server.requests).forEach((gap, n) => {
        longest[n] = Math.max(longest[n] ?? 0, gap)
        shortest[n] = Math.min(shortest[n] ?? gap, gap)
      })
    }
    for (const [n, gap] of longest.slice(0, 12).entries()) {
      const bound = Math.min(60_000, 500 * 2 ** n)
      expect(gap).toBeLessThanOrEqual(bound + 1)
      expect(gap).toBeGreaterThan(bound * 0.8)
      expect(shortest[n]).toBeLessThan(bound * 0.2)
    }
  })

  it('begin anew after a success', async () => {
    const server = createFakeServer()
    const { client, host } = createDevice(server)
    server.fault = () => ({ kind: 'reset' })
    await client.purchase(PURCHASE)
    await host.pass(10 * MINUTE)
    server.fault = undefined
    await host.pass(MINUTE)
    const before = server.requests.length
    server.fault = () => ({ kind: 'reset' })
    await client.purchase(PURCHASE)
    await host.pass(MINUTE)
    expect(gaps(server.requests.slice(before))[0]).toBeLessThanOrEqual(500)
  })

  it('are respected by purchases, flush() and a page that is left', async () => {
    const server = createFakeServer()
    server.fault = () => ({ kind: 'status', status: 503, retryAfter: '100' })
    const { client, host } = createDevice(server)
    await client.purchase(PURCHASE)
    await host.pass(0)
    for (let n = 0; n < 50; n += 1) await client.purchase(PURCHASE)
    await client.flush()
    host.attend('background')
    await host.pass(99_000)
    expect(server.requests).toHaveLength(1)
  })
})

describe('Retry-After', () => {
  it.each([
    ['7', 7_000],
    ['300', 300_000],
    ['86400', 300_000],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
  ])(
    '%s: the next request comes after %i ms, and later pauses are no longer for it',
    async (retryAfter, ms) => {
      const later: number[] = []
      for (let seed = 1; seed <= 10; seed += 1) {
        const server = createFakeServer()
        server.fault = ({ headers }) =>
          headers['x-attempt'] === '1'
            ? { kind: 'status', status: 429, retryAfter }
            : { kind: 'status', status: 429 }
        const { client, host } = createDevice(server, { seed })
        await client.purchase(PURCHASE)
        await host.pass(10 * MINUTE)
        const [asked, first = 0] = gaps(server.requests)
        expect(asked).toBe(ms)
        later.push(first)
      }
      expect(Math.max(...later)).toBeLessThanOrEqual(501)
    },
  )

  it('is not obeyed where it says nothing', async () => {
    const server = createFakeServer()
    server.fault = () => ({ kind: 'status', status: 503, retryAfter: 'soon' })
    const { client, host } = createDevice(server)
    await client.purchase(PURCHASE)
    await host.pass(10 * MINUTE)
    expect(gaps(server.requests).every((gap) => gap <= 60_001)).toBe(true)
    expect(server.requests.length).toBeGreaterThan(10)
  })
})

describe('an answer that is lost', () => {
  it('has its batch sent again as it was, and the duplicate is a success', async () => {
    const server = createFakeServer()
    const { client, host, told } = createDevice(server)
    server.fault = ({ headers }) =>
      headers['x-attempt'] === '3' ? undefined : ({ kind: 'lost' } as const)
    await client.purchase(PURCHASE)
    await host.pass(0)
    client.track('custom', { name: 'after' })
    await host.pass(MINUTE)
    expect(server.stored.map((event) => event.event_type)).toEqual(['purchase', 'custom'])
    const [a, b, c] = server.requests
    expect(new Set([a?.text, b?.text, c?.text]).size).toBe(1)
    expect(new Set([a?.headers['x-request-id'], c?.headers['x-request-id']]).size).toBe(1)
    expect(a?.headers['x-sent-at']).not.toBe(b?.headers['x-sent-at'])
    expect(told.sent[0]?.status).toBe('duplicate')
    expect(server.violations).toEqual([])
  })
})

describe('verdicts', () => {
  it('`retry` leaves that event in the queue, until Retry-After', async () => {
    const server = createFakeServer()
    const { client, host } = createDevice(server)
    let asks = 2
    server.fault = () => {
      asks -= 1
      if (asks < 0) return undefined
      const of = (event: { event_type: string }): boolean => event.event_type === 'purchase'
      return { kind: 'verdict', status: 'retry', of, retryAfter: '20' }
    }
    client.track('custom', { name: 'a' })
    await client.purchase(PURCHASE)
    await host.pass(0)
    expect(server.stored.map((event) => event.event_type)).toEqual(['custom'])
    await host.pass(2 * MINUTE)
    expect(server.stored.map((event) => event.event_type)).toEqual(['custom', 'purchase'])
    expect(gaps(server.requests)).toEqual([20_000, 20_000])
    expect(server.violations).toEqual([])
  })

  it.each(['rejected', 'conflict', 'a-status-of-next-year'])(
    '`%s` is final, and told',
    async (status) => {
      const server = createFakeServer()
      const { client, host, told } = createDevice(server)
      server.fault = () => ({
        kind: 'verdict',
        status,
        of: ({ event_type }) => event_type === 'error',
      })
      client.track('error', { message: 'm' })
      const { event_id } = await client.purchase(PURCHASE)
      await host.pass(30 * MINUTE)
      expect(server.requests).toHaveLength(1)
      expect(told.rejected).toMatchObject([{ event_type: 'error', status }])
      expect(told.sent).toMatchObject([{ event_id }])
    },
  )
})

describe('a request that the server does not take', () => {
  it.each([400, 404, 405, 415, 422])('%i is final: the events are given up', async (status) => {
    const server = createFakeServer()
    server.fault = () => ({ kind: 'status', status })
    const { client, host, told } = createDevice(server)
    const { event_id } = await client.purchase(PURCHASE)
    await host.pass(30 * MINUTE)
    expect(server.requests).toHaveLength(1)
    expect(told.dropped).toEqual([{ event_id, event_type: 'purchase', reason: 'rejected' }])
  })

  it.each([401, 403])('%i keeps everything, sends nothing more, and says so', async (status) => {
    const server = createFakeServer()
    server.fault = () => ({ kind: 'status', status })
    const { client, host, told } = createDevice(server)
    await client.purchase(PURCHASE)
    await host.pass(0)
    client.track('custom', { name: 'a' })
    await client.purchase(PURCHASE)
    expect(await client.flush()).toBe(false)
    await host.pass(60 * MINUTE)
    expect(server.requests).toHaveLength(1)
    expect(told.error).toEqual([
      { kind: 'unauthorized', http_status: status, code: 'some-problem' },
    ])
    expect(told.dropped).toEqual([])
    server.fault = undefined
    client.resume('key')
    await host.pass(0)
    expect(server.stored).toHaveLength(3)
    expect(server.violations).toEqual([])
  })

  it('413 halves the batch until it fits; a single event that does not fit is given up', async () => {
    const server = createFakeServer()
    server.fault = ({ events }) => {
      const isTooLarge =
        events.length > 40 || events.some(({ event_type }) => event_type === 'error')
      return isTooLarge ? { kind: 'status', status: 413 } : undefined
    }
    const { client, host, told } = createDevice(server)
    for (let n = 0; n < 300; n += 1) client.track('custom', { name: 'a' })
    const big = client.track('error', { message: 'big' })
    for (let n = 0; n < 300; n += 1) client.track('custom', { name: 'b' })
    await host.pass(0)
    expect(server.stored.filter((event) => event.event_type === 'custom')).toHaveLength(600)
    expect(told.dropped).toEqual([{ event_id: big, event_type: 'error', reason: 'too-large' }])
    expect(server.requests.length).toBeLessThan(80)
    expect(server.violations).toEqual([])
  })
})
