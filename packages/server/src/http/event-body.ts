import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { CONTENT_ENCODINGS, ProblemError, type Route } from '@questline/contracts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { inflate, isCoding } from './inflate.ts'
import { toError } from './problems.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's JSON as it came, inflated: events are logged byte for byte. */
    bodyText: string
    /** Ends the connection after the answer: a rest of the body would be taken for the next request. */
    giveUpBody: (() => void) | null
  }
}

/**
 * Reads the bodies of the routes below `app`, compressed or not, and keeps their text beside what
 * they say. Neither what is read nor what it grows to exceeds the limits of the route.
 */
export function readEventBodies(app: FastifyInstance, routes: readonly Route[]): void {
  const byPath = new Map(routes.map((route) => [route.path, route]))
  app.decorateRequest('bodyText', '')
  app.decorateRequest('giveUpBody', null)
  app.addHook('preParsing', (request, reply, payload, done) => {
    request.giveUpBody = () => void reply.header('connection', 'close')
    done(null, payload)
  })
  app.removeAllContentTypeParsers()
  // One event is judged like one of a batch, and gets its verdict from there.
  app.setValidatorCompiler(() => () => true)
  app.addContentTypeParser('application/json', (request, payload, done) => {
    const route = byPath.get(request.routeOptions.url ?? '')
    const limits = {
      wire: route?.bodyBytesMax ?? 0,
      inflated: route?.inflatedBytesMax ?? route?.bodyBytesMax ?? 0,
    }
    readBody(request, payload as IncomingMessage, limits).then(
      (body) => done(null, body),
      (error: unknown) => done(toError(error)),
    )
  })
}

type ByteLimits = { readonly wire: number; readonly inflated: number }

async function readBody(
  request: FastifyRequest,
  payload: IncomingMessage,
  limits: ByteLimits,
): Promise<unknown> {
  const coding = codingOf(request)
  const wire = await collect(payload, limits.wire, request.giveUpBody)
  const bytes = coding === 'identity' ? wire : await inflate(wire, coding, limits.inflated)
  if (bytes.length === 0) throw new ProblemError('malformed-body', { detail: 'It is empty.' })
  if (!isUtf8(bytes)) throw new ProblemError('malformed-body', { detail: 'It is not UTF-8.' })
  request.bodyText = bytes.toString('utf8')
  try {
    return JSON.parse(request.bodyText)
  } catch (cause) {
    throw new ProblemError('malformed-body', { detail: 'It is not JSON.', cause })
  }
}

function codingOf({ headers }: FastifyRequest) {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (coding === 'identity' || isCoding(coding)) return coding
  throw new ProblemError('unsupported-encoding', {
    detail: `One of ${CONTENT_ENCODINGS.join(', ')}, or none.`,
  })
}

/** All bytes that come, up to `max`; what would be more is refused where that is first known. */
function collect(
  payload: IncomingMessage,
  max: number,
  giveUp: (() => void) | null,
): Promise<Buffer> {
  const announced = Number(payload.headers['content-length'])
  if (announced > max) {
    giveUp?.()
    return Promise.reject(tooLarge(max))
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const take = (chunk: Buffer): void => {
      bytes += chunk.length
      chunks.push(chunk)
      if (bytes <= max) return
      payload.off('data', take)
      payload.resume()
      giveUp?.()
      reject(tooLarge(max))
    }
    payload.on('data', take)
    payload.once('end', () =>
      resolve(chunks.length === 1 ? (chunks[0] ?? EMPTY) : Buffer.concat(chunks)),
    )
    payload.once('error', reject)
  })
}

const EMPTY = Buffer.alloc(0)

export const tooLarge = (max: number): ProblemError =>
  new ProblemError('body-too-large', { detail: `At most ${max} bytes.` })
