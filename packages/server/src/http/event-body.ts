import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { CONTENT_ENCODINGS, ProblemError } from '@questline/contracts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { collectBody, NO_ROUTE } from './collect-body.ts'
import { inflate, isCoding } from './inflate.ts'
import { toError } from './problems.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's JSON as it came, inflated: events are logged byte for byte. */
    bodyText: string
  }
}

/**
 * Reads the bodies of the routes below `app`, compressed or not, and keeps their text beside what
 * they say. Neither what is read nor what it grows to exceeds the limits of the route.
 */
export function readEventBodies(app: FastifyInstance): void {
  app.decorateRequest('bodyText', '')
  app.removeAllContentTypeParsers()
  // One event is judged like one of a batch, and gets its verdict from there.
  app.setValidatorCompiler(() => () => true)
  app.addContentTypeParser('application/json', (request, payload, done) => {
    const refuse = (error: unknown): void => done(toError(error))
    const take = (bytes: Buffer): void => {
      const body = parsed(request, bytes)
      if ('fault' in body) refuse(body.fault)
      else done(null, body.json)
    }
    const coding = codingOf(request)
    const { wire, inflated } = request.bodyLimits ?? NO_ROUTE
    collectBody(payload as IncomingMessage, wire, (error, bytes) => {
      if (error !== null) refuse(error)
      else if (coding === 'identity') take(bytes)
      else inflate(bytes, coding, inflated).then(take, refuse)
    })
  })
}

/** What the bytes of a body say. */
function parsed(request: FastifyRequest, bytes: Buffer) {
  const fault = (detail: string, cause?: unknown) => ({
    fault: new ProblemError('malformed-body', { detail, cause }),
  })
  if (bytes.length === 0) return fault('It is empty.')
  if (!isUtf8(bytes)) return fault('It is not UTF-8.')
  request.bodyText = bytes.toString('utf8')
  try {
    return { json: JSON.parse(request.bodyText) as unknown }
  } catch (cause) {
    return fault('It is not JSON.', cause)
  }
}

function codingOf({ headers }: FastifyRequest) {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (coding === 'identity' || isCoding(coding)) return coding
  throw new ProblemError('unsupported-encoding', {
    detail: `One of ${CONTENT_ENCODINGS.join(', ')}, or none.`,
  })
}
