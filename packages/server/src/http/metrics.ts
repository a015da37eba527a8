import { ProblemError } from '@questline/contracts'
import type { FastifyInstance } from 'fastify'
import { identify } from './access.ts'
import type { EndpointParts } from './parts.ts'
import { refuseOtherMethods } from './serve.ts'

/** Prometheus text; in production for operators only. */
export function serveMetrics(app: FastifyInstance, parts: EndpointParts): void {
  const { accounts, settings } = parts
  app.route({
    method: 'GET',
    url: '/metrics',
    schema: { hide: true },
    handler: async (request, reply) => {
      if (!settings.doors.metricsPublic) {
        const caller = await identify(accounts, request)
        if (caller.kind === 'nobody') throw new ProblemError('unauthenticated')
        if (caller.kind !== 'key' || caller.scope !== 'operator') {
          throw new ProblemError('door-closed')
        }
      }
      return reply
        .header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
        .send(await parts.metrics())
    },
  })
  refuseOtherMethods(app, '/metrics', ['GET'])
}
