import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { freshSqlite } from '../database.ts'
import { anInstall } from '../http/game-events.ts'
import { type ServerChanges, startServer, type TestServer } from '../http/server.ts'
import { startCollector } from './fake-collector.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CLIENT_SPAN = '00f067aa0ba902b7'
const WAIT = { timeout: 15_000 }

describe('traces', () => {
  const closing: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
  })

  const serve = async (
    settings: Readonly<Record<string, string>> = {},
    world: ServerChanges['world'] = {},
  ) => {
    const collector = await startCollector()
    closing.push(collector.stop)
    const server = await startServer(
      { name: 'sqlite', fresh: freshSqlite },
      {
        settings: {
          CONSUMERS: 'on',
          OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
          ...settings,
        },
        world,
      },
    )
    closing.push(server.stop)
    return { collector, server }
  }
  const send = (server: TestServer, headers: Readonly<Record<string, string>>) =>
    fetch(`${server.url}/v1/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.keys.ingest}`,
        'content-type': 'application/json',
        ...headers,
      },
      body: JSON.stringify({ events: [anInstall(), anInstall({ player_id: 'bo' })] }),
    })

  it('show one event from its request to its window, under the id of the client', async () => {
    const { collector, server } = await serve()
    const answer = await send(server, { traceparent: `00-${TRACE}-${CLIENT_SPAN}-01` })
    expect(answer.status).toBe(200)
    const ours = () => collector.spans.filter(({ traceId }) => traceId === TRACE)
    const named = (name: string) => ours().filter((span) => span.name === name)
    await expect.poll(() => named('windows').length, WAIT).toBe(1)
    await expect.poll(() => named('POST /v1/events').length, WAIT).toBe(1)
    const [request] = named('POST /v1/events')
    expect(request).toMatchObject({ parentSpanId: CLIENT_SPAN, service: 'questline-server' })
    const [commit] = named('commit')
    expect(commit?.parentSpanId).toBe(request?.spanId)
    for (const stage of ['quality', 'windows']) {
      const [span, ...more] = named(stage)
      expect(more).toEqual([])
      expect(span).toMatchObject({ parentSpanId: commit?.spanId, service: 'questline-consumers' })
      const batch = collector.spans.find(({ spanId }) => spanId === span?.links[0]?.spanId)
      expect(batch?.name).toBe(`${stage} batch`)
      expect(batch?.links).toMatchObject([{ traceId: TRACE, spanId: commit?.spanId }])
    }
    expect([...collector.paths]).toEqual(['POST /v1/traces'])
  }, 40_000)

  it('are made by the server where the client says nothing, or something that is none', async () => {
    const { collector, server } = await serve()
    await send(server, {})
    await send(server, { traceparent: `00-${'0'.repeat(32)}-${CLIENT_SPAN}-01` })
    const windows = () => collector.spans.filter(({ name }) => name === 'windows')
    await expect.poll(() => windows().length, WAIT).toBe(2)
    expect(new Set(windows().map(({ traceId }) => traceId)).size).toBe(2)
  }, 40_000)

  it('leave no mark on what is not sampled', async () => {
    const { collector, server } = await serve({ TRACES_PERCENT: '0' })
    await send(server, {})
    await send(server, { traceparent: `00-${TRACE}-${CLIENT_SPAN}-00` })
    // The client's word comes before the share.
    await send(server, { traceparent: `00-${'a'.repeat(32)}-${CLIENT_SPAN}-01` })
    await expect.poll(() => collector.spans.some(({ name }) => name === 'windows'), WAIT).toBe(true)
    await server.halt()
    expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(
      new Set(['a'.repeat(32)]),
    )
  }, 40_000)

  it('are named in the lines of the log about their requests, and only there', async () => {
    const lines: Readonly<Record<string, unknown>>[] = []
    const stream = { write: (line: string) => void lines.push(JSON.parse(line)) }
    const logger = pino({ level: 'debug' }, stream)
    const { server } = await serve({}, { logger })
    const refused = (headers: Readonly<Record<string, string>>) =>
      fetch(`${server.url}/balance`, { headers: { authorization: 'Bearer none', ...headers } })
    const traceparent = `00-${TRACE}-${CLIENT_SPAN}-01`
    await refused({ 'x-request-id': 'traced', traceparent })
    await refused({
      'x-request-id': 'not-sampled',
      traceparent: traceparent.replace(/1$/, '0'),
    })
    const of = (id: string) => lines.filter((line) => line['request_id'] === id)
    await expect.poll(() => of('not-sampled').length, WAIT).toBeGreaterThan(0)
    expect(of('traced').length).toBeGreaterThan(0)
    for (const line of of('traced')) expect(line).toMatchObject({ trace_id: TRACE })
    for (const line of of('not-sampled')) expect(line).not.toHaveProperty('trace_id')
  }, 40_000)

  it('hold up nothing when their collector is away', async () => {
    const { collector, server } = await serve()
    await collector.stop()
    closing.shift()
    expect((await send(server, {})).status).toBe(200)
    const stoppedAt = performance.now()
    await server.halt()
    expect(performance.now() - stoppedAt).toBeLessThan(15_000)
  }, 40_000)
})
