// Bytes on a socket, for what no HTTP client would send.
import { connect, type Socket } from 'node:net'
import { type Answer, faultsOf, parsed } from './client.ts'

export type Exchange = {
  /** All that came back, one character per byte. */
  readonly text: string
  /** The status of each answer in it, in their order. */
  readonly statuses: readonly number[]
  /** Whether the server ended the connection. */
  readonly closed: boolean
  readonly ms: number
}

export type ExchangeLimits = {
  /** Gives up after so long, milliseconds. */
  readonly patienceMs?: number
  /** Ends as soon as so many answers have begun. */
  readonly answers?: number
}

/** Sends `bytes` at once and reads until the server closes, or the limits are met. */
export function exchange(
  url: string,
  bytes: string | Uint8Array,
  limits: ExchangeLimits = {},
): Promise<Exchange> {
  return converse(url, (socket) => void socket.write(bytes), limits)
}

/** As `exchange`, with `speak` doing the sending. */
export function converse(
  url: string,
  speak: (socket: Socket) => void | Promise<void>,
  { patienceMs = 5_000, answers = Number.POSITIVE_INFINITY }: ExchangeLimits = {},
): Promise<Exchange> {
  const { hostname, port } = new URL(url)
  const startedMs = performance.now()
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => void speak(socket))
    const finish = (closed: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      const statuses = [...text.matchAll(ANSWER)].map(([, status]) => Number(status))
      resolve({ text, statuses, closed, ms: performance.now() - startedMs })
    }
    const timer = setTimeout(() => finish(false), patienceMs)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if ([...text.matchAll(ANSWER)].length >= answers) finish(false)
    })
    // A reset after the answer is a way of closing, too.
    socket.on('error', () => finish(true))
    socket.on('close', () => finish(true))
  })
}

/** No body of ours begins a line with this. */
const ANSWER = /HTTP\/1\.1 (\d{3}) /g

/** The answers in what came back. Throws where a byte belongs to none of them. */
export function answersIn({ text }: Pick<Exchange, 'text'>): Answer[] {
  const answers: Answer[] = []
  let rest = text
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    const [line = '', ...lines] = rest.slice(0, end).split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1] ?? Number.NaN)
    if (Number.isNaN(status)) throw new Error(`these bytes begin no answer: ${rest.slice(0, 200)}`)
    const headers = Object.fromEntries(
      lines.map((each) => [
        each.slice(0, each.indexOf(':')).toLowerCase(),
        each.slice(each.indexOf(':') + 1).trim(),
      ]),
    )
    const length = Number(headers['content-length'] ?? 0)
    const body = Buffer.from(rest.slice(end + 4, end + 4 + length), 'latin1').toString()
    rest = rest.slice(end + 4 + length)
    const answer = { status, headers, text: body, body: parsed(body) }
    // An interim answer is only "go on".
    if (status >= 200) answers.push(answer)
  }
  for (const answer of answers) {
    const faults = faultsOf(answer)
    if (faults.length > 0) throw new Error(`${answer.status}: ${faults.join(', ')}`)
  }
  return answers
}

export type RawRequest = {
  readonly method?: string
  readonly path?: string
  readonly version?: string
  /** Whole lines; `Host` is added unless `host` says otherwise. */
  readonly headers?: readonly string[]
  readonly host?: string | null
  readonly body?: string
}

/** The text of a request. Nothing is added that the test does not ask for, but `Host`. */
export function aRequest(parts: RawRequest = {}): string {
  const { method = 'GET', path = '/health/live', version = 'HTTP/1.1', host = 'localhost' } = parts
  const hosts = host === null ? [] : [`Host: ${host}`]
  const lines = [`${method} ${path} ${version}`, ...hosts, ...(parts.headers ?? [])]
  return `${lines.join('\r\n')}\r\n\r\n${parts.body ?? ''}`
}

/** A POST of JSON as a client sends it, `headers` added. */
export const aPost = (path: string, body: string, headers: readonly string[] = []): string =>
  aRequest({
    method: 'POST',
    path,
    headers: [
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...headers,
    ],
    body,
  })
