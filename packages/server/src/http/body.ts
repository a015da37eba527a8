import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { ProblemError } from '@questline/contracts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { collectBody, NO_ROUTE } from './collect-body.ts'
import { toError } from './problems.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came, for signatures and fingerprints. Null when there was none. */
    rawBody: Buffer | null
    /** Throws unless the bytes are proven; runs before they are parsed. Null where nothing is to prove. */
    proveBody: ((bytes: Buffer) => void) | null
  }
}

/** Parses JSON from bytes that are kept beside it. Keys that would reach a prototype are refused. */
export function parseBodies(app: FastifyInstance): void {
  app.decorateRequest('rawBody', null)
  app.decorateRequest('proveBody', null)
  app.decorateRequest('bodyLimits', null)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', (request, payload, done) => {
    const { wire } = request.bodyLimits ?? NO_ROUTE
    collectBody(payload as IncomingMessage, wire, (error, bytes) => {
      const body = error === null ? provenBody(request, bytes) : { fault: error }
      if ('fault' in body) done(toError(body.fault))
      else done(null, body.json)
    })
  })
}

function provenBody(request: FastifyRequest, bytes: Buffer) {
  request.rawBody = bytes
  try {
    refuseCoding(request.headers['content-encoding'])
    request.proveBody?.(bytes)
    return { json: parseJson(bytes) }
  } catch (fault) {
    return { fault }
  }
}

/** Nothing is inflated here, so no small body can become a large one. */
function refuseCoding(coding: string | undefined): void {
  if (coding === undefined || coding.toLowerCase() === 'identity') return
  throw new ProblemError('unsupported-media-type', { detail: 'Send the body uncompressed.' })
}

/** What may be such a name: written plainly, or with letters in an escaped form that nobody needs. */
const PROTOTYPE = /"__proto__"\s*:|"constructor"\s*:|\\u00[4-7]/

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined
  if (!isUtf8(bytes)) throw new ProblemError('malformed-body', { detail: 'It is not UTF-8.' })
  const text = bytes.toString('utf8')
  try {
    return PROTOTYPE.test(text) ? JSON.parse(text, refusePrototype) : JSON.parse(text)
  } catch (cause) {
    if (cause instanceof ProblemError) throw cause
    throw new ProblemError('malformed-body', { detail: 'It is not JSON.', cause })
  }
}

function refusePrototype(key: string, value: unknown): unknown {
  const reachesPrototype =
    key === '__proto__' ||
    (key === 'constructor' && typeof value === 'object' && value !== null && 'prototype' in value)
  if (reachesPrototype) {
    throw new ProblemError('malformed-body', { detail: `A field may not be named ${key}.` })
  }
  return value
}
