import type { IncomingMessage } from 'node:http'
import { ProblemError, type Route } from '@questline/contracts'

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
  const read = (): void => {
    if (payload.readableLength === announced) {
      const bytes: Buffer | null = payload.read()
      // Nobody listens, so the stream would not come to its end.
      payload.resume()
      take(null, bytes ?? EMPTY)
    } else listen(payload, max, take)
  }
  // A small body comes with its head, and is there after this turn of the parser. Then it is taken as
  // it is: listeners, and the stream's own turns, take 3 µs more, and keep what they hold for longer.
  if (announced > max) take(tooLarge(max), EMPTY)
  else void Promise.resolve().then(read)
}

function listen(payload: IncomingMessage, max: number, take: TakeBody): void {
  const chunks: Buffer[] = []
  let bytes = 0
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length
    chunks.push(chunk)
    if (bytes <= max) return
    stop()
    payload.resume()
    take(tooLarge(max), EMPTY)
  }
  const onEnd = (): void => {
    stop()
    take(null, chunks.length === 1 ? (chunks[0] ?? EMPTY) : Buffer.concat(chunks))
  }
  const onError = (cause: Error): void => {
    stop()
    take(new ProblemError('malformed-request', { cause }), EMPTY)
  }
  const stop = (): void => {
    payload.off('data', onData).off('end', onEnd).off('error', onError)
  }
  payload.on('data', onData).on('end', onEnd).on('error', onError)
}

const tooLarge = (max: number): ProblemError =>
  new ProblemError('body-too-large', { detail: `At most ${max} bytes.` })
