import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { CONTENT_ENCODINGS, ProblemError } from '@questline/contracts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { collectBody, NO_ROUTE } from './collect-body.ts'
import { inflate, isCoding } from './inflate.ts'
import { toError } from './problems.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * The body as it came, inflated: events are logged byte for byte. What it says is read where it is
     * judged, since Fastify would hold it for as long as a commit is waited for.
     */
    bodyText: string
  }
}

/**
 * Reads the bodies of the routes below `app`, compressed or not, and keeps their text. Neither what is
 * read nor what it grows to exceeds the limits of the route.
 */
export function readEventBodies(app: FastifyInstance): void {
  app.decorateRequest('bodyText', '')
  app.removeAllContentTypeParsers()
  // One event is judged like one of a batch, and gets its verdict from there.
  app.setValidatorCompiler(() => () => true)
  app.addContentTypeParser('application/json', (request, payload, done) => {
    const refuse = (error: unknown): void => done(toError(error))
    const take = (bytes: Buffer): void => {
      const fault = faultOf(bytes)
      if (fault === null) {
        request.bodyText = bytes.toString('utf8')
        done(null, null)
      } else refuse(malformed(fault))
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

/**
 * What the text of a body says.
 * @throws ProblemError `malformed-body`
 */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw malformed('It is not JSON.', cause)
  }
}

const faultOf = (bytes: Buffer): string | null =>
  bytes.length === 0 ? 'It is empty.' : isUtf8(bytes) ? null : 'It is not UTF-8.'

const malformed = (detail: string, cause?: unknown): ProblemError =>
  new ProblemError('malformed-body', { detail, cause })

function codingOf({ headers }: FastifyRequest) {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (coding === 'identity' || isCoding(coding)) return coding
  throw new ProblemError('unsupported-encoding', {
    detail: `One of ${CONTENT_ENCODINGS.join(', ')}, or none.`,
  })
}
