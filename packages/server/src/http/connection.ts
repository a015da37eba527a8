import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { Socket } from 'node:net'
import { PROBLEMS, type ProblemCode, problemDocument } from '@questline/contracts'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { stateOf } from './connection-state.ts'

export type ConnectionParts = {
  /** What every answer bears. */
  readonly headers: Readonly<Record<string, string>>
  readonly newRequestId: () => string
}

/** What some path of the API has. */
export const METHODS = 'GET, HEAD, POST, PUT, OPTIONS'
/** How long a client has to read why it was refused; one that goes on sending is cut off. */
const LINGER_MS = 500
/** From then on a request that is still on its way, or its answer, has had its time. */
const STOP_MS_MAX = 10_000

/**
 * What happens on a connection beside requests: what is not even HTTP is answered too, and the
 * connection closed, since after a framing error nobody knows where the next request begins.
 */
export function createConnections(parts: ConnectionParts) {
  const refuse = (socket: Socket, code: ProblemCode): void => {
    // More bytes of one that was refused before; its time is running.
    if (socket.writableEnded) return
    if (!socket.writable) return void socket.destroy()
    socket.end(rawAnswer(code, parts), () => linger(socket))
  }

  const answerUnparsable: NonNullable<FastifyServerOptions['clientErrorHandler']> = (
    error,
    socket,
  ) => {
    if (error.code === 'ECONNRESET' || !(socket instanceof Socket)) return void socket.destroy()
    const code = codeFor(error)
    const before = stateOf(socket).answering
    const isComplete = before?.req.complete === true
    // A request before the broken one may have had its effect: its answer is not overtaken.
    if (isComplete && !before.writableFinished) before.once('close', () => refuse(socket, code))
    // The broken one itself was refused before it broke: it has its answer.
    else if (!isComplete && before?.headersSent) socket.end(() => linger(socket))
    else refuse(socket, code)
  }

  return { answerUnparsable, attach: (app: FastifyInstance) => attach(app, refuse) }
}

/** At once it would be a reset, which takes the answer along that is on its way. */
function linger(socket: Socket): void {
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

function attach(app: FastifyInstance, refuse: (socket: Socket, code: ProblemCode) => void): void {
  const { server } = app
  server.on('connect', (_request: IncomingMessage, socket) => {
    if (socket instanceof Socket) refuse(socket, 'method-not-allowed')
  })
  // An expectation that we do not know may be ignored; Node would answer it without our headers.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    server.emit('request', request, response)
  })
  // Closing waits for every connection, and Node times none of them out any more.
  app.addHook('preClose', async () => {
    const timer = setTimeout(() => server.closeAllConnections(), STOP_MS_MAX)
    server.once('close', () => clearTimeout(timer))
  })
}

type ParserError = Error & { readonly code: string; readonly rawPacket?: unknown }

const BY_NODE_CODE: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body-too-large',
}

/** Node counts the URL among the headers; a first packet that does not even end it tells which it was. */
function codeFor({ code, rawPacket }: ParserError): ProblemCode {
  const isEndlessUrl =
    code === 'HPE_HEADER_OVERFLOW' &&
    Buffer.isBuffer(rawPacket) &&
    /^[A-Z]+ [^\r\n]*$/.test(rawPacket.toString('latin1', 0, 8_192))
  return isEndlessUrl ? 'uri-too-long' : (BY_NODE_CODE[code] ?? 'malformed-request')
}

function rawAnswer(code: ProblemCode, { headers, newRequestId }: ConnectionParts): string {
  const { status, retry } = PROBLEMS[code]
  const requestId = newRequestId()
  const body = JSON.stringify(problemDocument(code, { requestId }))
  const sent = {
    ...headers,
    'x-request-id': requestId,
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    ...(retry ? { 'retry-after': '1' } : {}),
    ...(status === 405 ? { allow: METHODS } : {}),
    connection: 'close',
  }
  const lines = Object.entries(sent).map(([name, value]) => `${name}: ${value}`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}
