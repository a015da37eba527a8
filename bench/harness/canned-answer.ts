import { connect } from 'node:net'
import { answerBytes, statusOf } from './answer.ts'
import { type RequestTemplate, requestsOf } from './request-template.ts'

export type CannedAnswer = {
  /** Names and values in turn, as they came. Node itself adds the rest. */
  readonly headers: readonly string[]
  readonly body: string
  readonly keepAliveMs: number
}

/** Node writes these into every answer. */
const OF_NODE = new Set(['date', 'connection', 'keep-alive'])

/**
 * One real answer to such a request, to be sent again by the yardstick.
 * @throws on any status but 2xx
 */
export async function canAnswer(port: number, template: RequestTemplate): Promise<CannedAnswer> {
  const answer = await answerTo(port, requestsOf(template, 1)(0, 0))
  const { method, path } = template
  if (!statusOf(answer).startsWith('2')) throw new Error(`${method} ${path}: ${answer}`)
  const headEnd = answer.indexOf('\r\n\r\n')
  const [, ...lines] = answer.toString('latin1', 0, headEnd).split('\r\n')
  const headers = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(': ')
    return [line.slice(0, colon), line.slice(colon + 2)]
  })
  const keepAlive = headers.find(([name]) => name.toLowerCase() === 'keep-alive')?.[1] ?? ''
  return {
    headers: headers.filter(([name]) => !OF_NODE.has(name.toLowerCase())).flat(),
    body: answer.toString('utf8', headEnd + 4),
    keepAliveMs: Number(/timeout=(\d+)/.exec(keepAlive)?.[1] ?? 5) * 1_000,
  }
}

async function answerTo(port: number, request: string | Buffer): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(request)
  let data: Buffer = Buffer.alloc(0)
  for await (const chunk of socket) {
    data = Buffer.concat([data, chunk])
    // Leaving the loop closes the connection.
    if (answerBytes(data) !== null) break
  }
  return data
}
