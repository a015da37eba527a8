import { type FastifyInstance, fastify } from 'fastify'
import { parseBodies } from './body.ts'
import { answerUnparsable } from './connection.ts'
import { createEndpoints } from './endpoints.ts'
import { createRequestIds, sendHeaders } from './headers.ts'
import { createLimits } from './limits.ts'
import { serveMetrics } from './metrics.ts'
import type { HttpParts, HttpSettings } from './parts.ts'
import { renderProblems } from './problems.ts'
import { serveEndpoints } from './serve.ts'
import { createShedding } from './shedding.ts'
import { validateRequests } from './validation.ts'

/** Above the idle time of the usual load balancers, so that they close first and no request meets a closed socket. */
const KEEP_ALIVE_MS = 72_000
const HEADERS_TIMEOUT_MS = 5_000
const CHECK_CONNECTIONS_MS = 2_000
const HEADER_BYTES_MAX = 16 * 1_024
/** A userId of 255 characters, each percent-encoded as four bytes. */
const PATH_PARAMETER_CHARS_MAX = 255 * 12

/** The whole API, ready to listen or to be injected into. */
export async function createHttp(
  parts: HttpParts,
  settings: HttpSettings,
): Promise<FastifyInstance> {
  const app: FastifyInstance = fastify({
    logger: false,
    trustProxy: settings.trustProxy.length > 0 ? [...settings.trustProxy] : false,
    genReqId: createRequestIds(parts.random),
    requestTimeout: settings.requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    exposeHeadRoutes: true,
    clientErrorHandler: answerUnparsable,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
    },
    routerOptions: { maxParamLength: PATH_PARAMETER_CHARS_MAX },
    onProtoPoisoning: 'error',
  })
  app.addHttpMethod('TRACE', { overrideExisting: true })

  validateRequests(app)
  parseBodies(app)
  renderProblems(app, parts)
  sendHeaders(app, settings)
  serveEndpoints(
    app,
    {
      accounts: parts.accounts,
      attribution: parts.attribution,
      inFlight: parts.inFlight,
      limits: createLimits(parts.clock, settings.limits),
      shed: createShedding(parts.load, settings),
      isStopping: parts.isStopping,
      observer: parts.observer,
    },
    createEndpoints({ ...parts, settings }),
  )
  serveMetrics(app, { ...parts, settings })
  return app
}
