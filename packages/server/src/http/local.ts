import type { FastifyRequest } from 'fastify'

const LOOPBACK_ADDRESS = /^(?:::ffff:)?127\.|^::1$/
const LOOPBACK_NAME = /^(?:localhost|(?:[^.]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i

/**
 * Whether a request was made on this machine by a program of it. A proxy on this machine passes on
 * the requests of strangers, and a web page of a stranger makes requests from the browser of this
 * machine: neither is local.
 */
export function isLocal(request: FastifyRequest, allowedOrigins: readonly string[]): boolean {
  const { headers } = request
  if (!LOOPBACK_ADDRESS.test(request.ip)) return false
  if (!LOOPBACK_ADDRESS.test(request.raw.socket.remoteAddress ?? '')) return false
  // With TRUST_PROXY the address is that of the client; without it nobody knows whose request it is.
  if (request.ips === undefined && (headers['x-forwarded-for'] ?? headers['forwarded']))
    return false
  if (headers.host !== undefined && !isLoopbackName(`http://${headers.host}`)) return false
  const { origin } = headers
  return origin === undefined || allowedOrigins.includes(origin) || isLoopbackName(origin)
}

const isLoopbackName = (url: string): boolean =>
  URL.canParse(url) && LOOPBACK_NAME.test(new URL(url).hostname)
