import type { IncomingMessage } from 'node:http'
import { ProblemError, type Route } from '@questline/contracts'
import { type BodyTaker, ReceivedRequest } from './received-request.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Of its route; null where there is none. */
    bodyLimits: BodyLimits | null
  }
}

/** How many bytes a body may be: as it comes, and inflated. */
export type BodyLimits = { readonly wire: number; readonly inflated: number }

/** Of routes that take no body, and ignore what comes. */
const BODY_BYTES_MAX = 1_048_576

export const bodyLimitsOf = (route: Partial<Route>): BodyLimits => {
  const wire = route.bodyBytesMax ?? BODY_BYTES_MAX
  return { wire, inflated: route.inflatedBytesMax ?? wire }
}

export const NO_ROUTE = bodyLimitsOf({})

/** Takes the whole body, or why it cannot be had. */
export type TakeBody = (error: Error | null, bytes: Buffer) => void

const EMPTY = Buffer.alloc(0)

/**
 * Hands over all bytes of a body, up to `max`; what would be more is refused where that is first known,
 * and Fastify then ends the connection, on which a rest would be taken for the next request.
 */
export function collectBody(payload: IncomingMessage, max: number, take: TakeBody): void {
  const announced = Number(payload.headers['content-length'])
  if (announced > max) take(tooLarge(max), EMPTY)
  else if (payload.readableEnded) take(null, EMPTY)
  else {
    const taker = takerOf(max, take)
    const isHanded = payload instanceof ReceivedRequest && payload.handTo(taker)
    if (!isHanded) readStream(payload, taker)
  }
}

/** Some of it has come already, while it was asked who calls. */
function readStream(payload: IncomingMessage, taker: BodyTaker): void {
  const onData = (piece: Buffer): void => {
    if (taker.add(piece)) return
    stop()
    payload.resume()
  }
  const onEnd = (): void => {
    stop()
    taker.end()
  }
  const onError = (cause: Error): void => {
    stop()
    taker.fail(cause)
  }
  const stop = (): void => {
    payload.off('data', onData).off('end', onEnd).off('error', onError)
  }
  payload.on('data', onData).on('end', onEnd).on('error', onError)
}

function takerOf(max: number, take: TakeBody): BodyTaker {
  let pieces: Buffer[] | null = null
  let only: Buffer = EMPTY
  let bytes = 0
  return {
    add(piece) {
      bytes += piece.length
      if (bytes > max) {
        take(tooLarge(max), EMPTY)
        return false
      }
      if (bytes === piece.length) only = piece
      else if (pieces === null) pieces = [only, piece]
      else pieces.push(piece)
      return true
    },
    end: () => take(null, pieces === null ? only : Buffer.concat(pieces)),
    fail: (cause) => take(new ProblemError('malformed-request', { cause }), EMPTY),
  }
}

const tooLarge = (max: number): ProblemError =>
  new ProblemError('body-too-large', { detail: `At most ${max} bytes.` })
