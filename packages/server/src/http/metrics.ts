import type { FastifyInstance } from 'fastify'
import { admitOperators } from './admission.ts'
import type { Deadlines } from './deadlines.ts'
import type { EndpointParts } from './parts.ts'
import { refuseOtherMethods } from './serve.ts'

/** Prometheus text; in production for operators only. */
export function serveMetrics(
  app: FastifyInstance,
  parts: EndpointParts,
  deadlines: Deadlines,
): void {
  const { accounts, settings } = parts
  app.route({
    method: 'GET',
    url: '/metrics',
    schema: { hide: true },
    ...(settings.doors.metricsPublic ? {} : { onRequest: admitOperators({ accounts, deadlines }) }),
    handler: async (_request, reply) =>
      reply
        .header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
        .send(await parts.metrics()),
  })
  refuseOtherMethods(app, '/metrics', ['GET'])
}
