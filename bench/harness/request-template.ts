import { randomUUID } from 'node:crypto'
import type { RequestSource } from './generator.ts'

export type RequestTemplate = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /**
   * JSON. Here and in headers `{uuid7}` is a new time-ordered id, `{uuid4}` a new random one, `{now}` the
   * time in ISO 8601, and `{player}` counts through the players.
   */
  readonly body?: string
  readonly headers?: readonly string[]
  /** Bearer tokens, one per player; the requests take them in turn. */
  readonly tokens?: readonly string[]
  /** Number of players where they bear no tokens. */
  readonly players?: number
}

type Part = (player: number) => string

/** Requests of `template` for so many connections; what does not vary is put together once. */
export function requestsOf(template: RequestTemplate, connections: number): RequestSource {
  const { method, path, body = '', headers = [], tokens = [] } = template
  const players = tokens.length || template.players || 1
  const playerOf = (connection: number, n: number) => (connection + n * connections) % players
  const head = [`${method} ${path} HTTP/1.1`, 'host: 127.0.0.1', ...headers]
  const headOf = partOf(head.join('\r\n'))
  const bodyOf = partOf(body)
  const render = (player: number): string => {
    const content = bodyOf(player)
    const token = tokens[player]
    const authorization = token === undefined ? '' : `\r\nauthorization: Bearer ${token}`
    const described =
      content === ''
        ? ''
        : `\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(content)}`
    return `${headOf(player)}${authorization}${described}\r\n\r\n${content}`
  }
  if (/\{(?:uuid7|uuid4|now)\}/.test(`${head}${body}`)) {
    return (connection, n) => render(playerOf(connection, n))
  }
  const rendered = Array.from({ length: players }, (_, player) => Buffer.from(render(player)))
  return (connection, n) => rendered[playerOf(connection, n)] ?? ''
}

function partOf(text: string): Part {
  const parts = text.split(/(\{(?:uuid7|uuid4|now|player)\})/).map((piece): Part => {
    if (piece === '{uuid7}') return uuid7
    if (piece === '{uuid4}') return () => randomUUID()
    if (piece === '{now}') return () => new Date().toISOString()
    if (piece === '{player}') return String
    return () => piece
  })
  return (player) => parts.reduce((all, part) => all + part(player), '')
}

/** RFC 9562: 48 bits of milliseconds, then random ones. */
function uuid7(): string {
  const ms = Date.now().toString(16).padStart(12, '0')
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${randomUUID().slice(15)}`
}
