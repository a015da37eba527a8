import { Socket } from 'node:net'
import { PROBLEMS, type ProblemCode, problemDocument } from '@questline/contracts'
import type { FastifyServerOptions } from 'fastify'

const BY_NODE_CODE: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body-too-large',
}

/**
 * Answers what is not even HTTP and closes the connection: after a framing error nobody knows
 * where the next request begins.
 */
export const answerUnparsable: NonNullable<FastifyServerOptions['clientErrorHandler']> = (
  error,
  socket,
) => {
  if (error.code === 'ECONNRESET' || !(socket instanceof Socket) || !socket.writable) {
    socket.destroy()
    return
  }
  const code = BY_NODE_CODE[error.code] ?? 'malformed-request'
  const { status, title } = PROBLEMS[code]
  const body = JSON.stringify(problemDocument(code, { requestId: 'unknown' }))
  const head = [
    `HTTP/1.1 ${status} ${title.replace(/\.$/, '')}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
