import type { FastifyInstance } from 'fastify'
import type { Ingest } from '../ingest/ingest.ts'
import { noteArrivals } from './arrival.ts'
import type { Endpoint } from './endpoint.ts'
import { readEventBodies } from './event-body.ts'
import { type ServeParts, serveEndpoints } from './serve.ts'

/** Whether a route takes what games send: bodies that may be compressed. */
export const isIngest = ({ route }: Endpoint): boolean => route.inflatedBytesMax !== undefined

/** Serves the endpoints that take what games send, whose bodies are read in another way than all others. */
export function serveIngest(
  app: FastifyInstance,
  parts: ServeParts,
  endpoints: readonly Endpoint[],
  ingest: Pick<Ingest, 'admit'>,
): void {
  app.register((scope, _options, done) => {
    noteArrivals(scope, parts.clock)
    readEventBodies(scope)
    const shed: ServeParts['shed'] = (route) => {
      parts.shed(route)
      ingest.admit()
    }
    serveEndpoints(scope, { ...parts, shed }, endpoints)
    done()
  })
}
