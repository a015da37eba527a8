import type { FastifyInstance } from 'fastify'
import { admitOperator } from './access.ts'
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
      if (!settings.doors.metricsPublic) await admitOperator(accounts, request)
      return reply
        .header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
        .send(await parts.metrics())
    },
  })
  refuseOtherMethods(app, '/metrics', ['GET'])
}
