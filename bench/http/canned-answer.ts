import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

export type CannedAnswer = {
  /** Names and values in turn, as they came. Node itself adds the rest. */
  readonly headers: readonly string[]
  readonly body: string
  readonly keepAliveMs: number
}

/** Node writes these into every answer. */
const OF_NODE = new Set(['date', 'connection', 'keep-alive'])

/** One real answer to `GET /balance`, to be sent again by the yardstick. */
export async function canAnswer(port: number, token: string): Promise<CannedAnswer> {
  const { headers, body } = await ask(port, token)
  const keepAlive = headers.find(([name]) => name.toLowerCase() === 'keep-alive')?.[1] ?? ''
  return {
    headers: headers.filter(([name]) => !OF_NODE.has(name.toLowerCase())).flat(),
    body,
    keepAliveMs: Number(/timeout=(\d+)/.exec(keepAlive)?.[1] ?? 5) * 1_000,
  }
}

/** Bytes of headers and body: both must send alike. */
export async function answerSize(port: number, token: string): Promise<number> {
  const { headers, body } = await ask(port, token)
  return headers.flat().join('').length + body.length
}

async function ask(port: number, token: string) {
  const headers = { authorization: `Bearer ${token}`, connection: 'keep-alive' }
  const request = get({ port, host: '127.0.0.1', path: '/balance', headers })
  const [response]: IncomingMessage[] = await once(request, 'response')
  if (!response) throw new Error('no answer to GET /balance')
  const body = await text(response)
  if (response.statusCode !== 200) throw new Error(`GET /balance: ${response.statusCode} ${body}`)
  return { headers: pairs(response.rawHeaders), body }
}

const pairs = (raw: readonly string[]): (readonly [string, string])[] =>
  raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ''] as const] : []))
