// One server for all SDKs that behaves as badly as it is told to, and counts what reaches it. An event
// is recognised by its mark, whatever else an SDK makes of it.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import type { Answer, Protocol } from './protocols.ts'

export type Weather =
  | 'up'
  /** Connections are cut before anything is answered. */
  | 'cut'
  /** 503 with the page of a load balancer. */
  | 'unavailable'
  /** 503 without a body. */
  | 'unavailable-bare'
  /** 429 with Retry-After. */
  | 'too-many'
  /** Larger requests than `SMALL_BYTES_MAX` are refused. */
  | 'small'
  /** Takes the events, and answers after `SLOW_MS`. */
  | 'slow'
  /** Takes the events, and the answer is lost. */
  | 'answers-lost'

export type FaultyServer = AsyncDisposable & {
  readonly url: string
  weather: Weather
  /** How often each mark has been taken. */
  readonly copies: ReadonlyMap<string, number>
  /** How often each mark counts, with what this vendor's server knows again left out. */
  readonly counts: ReadonlyMap<string, number>
  readonly requests: () => number
  /** Requests that came before the time that Retry-After had named. */
  readonly early: () => number
}

export const SLOW_MS = 12_000
export const RETRY_AFTER_S = 8
export const SMALL_BYTES_MAX = 32 * 1_024

const PAGE_503 = '<html><head><title>503 Service Temporarily Unavailable</title></head></html>'
const MARK = /mark-\d{6}/

/** What an SDK's events are recognised by. */
export const markOf = (n: number): string => `mark-${String(n).padStart(6, '0')}`

/** The marks in a text, each once. */
export const marksIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(new RegExp(MARK, 'g'))].map(([mark]) => mark))

/** Listens on a free port of the loopback address. */
export async function startFaultyServer(protocol: Protocol): Promise<FaultyServer> {
  const book = createBook(protocol)
  const say = { weather: 'up' as Weather, requests: 0, early: 0, notBefore: 0 }

  const reply = (response: ServerResponse, { status, body }: Answer, retryAfter?: number): void => {
    if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter))
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const wire = await buffer(request)
    const path = new URL(request.url ?? '/', 'http://server').pathname
    const weather = say.weather
    if (weather === 'cut') return void request.socket.destroy()
    if (weather === 'unavailable') return reply(response, { status: 503, body: PAGE_503 })
    if (weather === 'unavailable-bare') return reply(response, { status: 503, body: '' })
    if (!protocol.events.test(path)) return reply(response, protocol.other)
    say.requests += 1
    if (Date.now() < say.notBefore) say.early += 1
    if (weather === 'too-many') {
      say.notBefore = Math.max(say.notBefore, Date.now() + RETRY_AFTER_S * 1_000)
      return reply(response, { status: 429, body: protocol.tooMany }, RETRY_AFTER_S)
    }
    if (weather === 'small' && wire.length > SMALL_BYTES_MAX)
      return reply(response, protocol.tooLarge)
    const isPacked = request.headers['content-encoding'] === 'gzip'
    const body: unknown = JSON.parse((isPacked ? gunzipSync(wire) : wire).toString())
    const taken = book.take(protocol.read(body))
    if (weather === 'answers-lost') return void request.socket.destroy()
    if (weather === 'slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MS).unref())
    if (!request.socket.destroyed) reply(response, taken)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy())
  })
  server.on('connection', (socket) => {
    if (say.weather === 'cut') socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    get weather() {
      return say.weather
    },
    set weather(weather) {
      say.weather = weather
      if (weather === 'cut') server.closeAllConnections()
    },
    copies: book.copies,
    counts: book.counts,
    requests: () => say.requests,
    early: () => say.early,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Counts marks as they come, and as this vendor's server counts them. */
function createBook(protocol: Protocol) {
  const copies = new Map<string, number>()
  const counts = new Map<string, number>()
  const known = new Set<string>()
  const idOf = (event: unknown): string | undefined =>
    protocol.id === undefined ? undefined : String(Object(event)[protocol.id])
  return {
    copies,
    counts,
    take(events: readonly unknown[]): Answer {
      const before = new Set(known)
      for (const event of events) {
        const id = idOf(event)
        const isNew = id === undefined || !known.has(id)
        if (id !== undefined) known.add(id)
        const mark = MARK.exec(JSON.stringify(event))?.[0]
        if (mark === undefined) continue
        copies.set(mark, (copies.get(mark) ?? 0) + 1)
        if (isNew) counts.set(mark, (counts.get(mark) ?? 0) + 1)
      }
      return protocol.taken(events, (event) => before.has(idOf(event) ?? ''))
    },
  }
}
