import type { Route } from '@questline/contracts'
import { type FastifyInstance, fastify } from 'fastify'
import { parseBodies } from './body.ts'
import { createConnections } from './connection.ts'
import { createDeadlines } from './deadlines.ts'
import { serveDocumentation } from './documentation/documentation.ts'
import { createEndpoints } from './endpoints.ts'
import {
  createHeaders,
  createRequestIds,
  headersOfAll,
  putHeaders,
  sendHeaders,
} from './headers.ts'
import { createKpiStreams } from './kpi-streams.ts'
import { createLimits } from './limits.ts'
import { serveMetrics } from './metrics.ts'
import type { HttpParts, HttpSettings } from './parts.ts'
import { answerProblems, renderProblems } from './problems.ts'
import { ReceivedRequest } from './received-request.ts'
import { receiveRequests } from './receiving.ts'
import { type ServeParts, serveEndpoints } from './serve.ts'
import { isIngest, serveIngest } from './serve-ingest.ts'
import { createShedding } from './shedding.ts'
import { traceRequests } from './trace-requests.ts'
import { validateRequests } from './validation.ts'

/** Above the idle time of the usual load balancers, so that they close first and no request meets a closed socket. */
const KEEP_ALIVE_MS = 72_000
const HEADERS_TIMEOUT_MS = 5_000
const CHECK_CONNECTIONS_MS = 2_000
const HEADER_BYTES_MAX = 16 * 1_024
/** An answer of which the client takes nothing for so long is given up. */
const UNREAD_MS_MAX = 30_000
/** A userId of 255 characters, each percent-encoded as four bytes. */
const PATH_PARAMETER_CHARS_MAX = 255 * 12

/** What every process answers, whatever else it does. */
const isOfOperations = ({ path }: Route): boolean => /^\/health(\/|$)/.test(path)

/** The whole API, ready to listen or to be injected into; or what operators ask of a process without one. */
export async function createHttp(
  parts: HttpParts,
  settings: HttpSettings,
): Promise<FastifyInstance> {
  const newRequestId = createRequestIds(parts.random)
  const headersFor = createHeaders(settings)
  const problems = answerProblems(parts)
  const connections = createConnections({
    headers: headersOfAll(settings),
    newRequestId: () => newRequestId({ headers: {} }),
  })
  const app: FastifyInstance = fastify({
    logger: false,
    trustProxy: settings.trustProxy.length > 0 ? [...settings.trustProxy] : false,
    genReqId: newRequestId,
    connectionTimeout: UNREAD_MS_MAX,
    requestTimeout: settings.requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    exposeHeadRoutes: true,
    clientErrorHandler: connections.answerUnparsable,
    // What the router itself refuses passes no hook.
    frameworkErrors(error, request, reply) {
      putHeaders(reply, headersFor(request))
      problems(error, request, reply)
    },
    http: {
      IncomingMessage: ReceivedRequest,
      // One without a body has no stream to wait for: a tenth of what a balance read costs.
      optimizeEmptyRequests: true,
      requireHostHeader: false,
      // Node takes the longer of the two for the whole request, so headers may not have more.
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, settings.requestTimeoutMs),
      connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
    },
    routerOptions: { maxParamLength: PATH_PARAMETER_CHARS_MAX },
    onProtoPoisoning: 'error',
  })
  app.addHttpMethod('TRACE', { overrideExisting: true })

  validateRequests(app)
  parseBodies(app)
  renderProblems(app, problems)
  sendHeaders(app, headersFor)
  connections.attach(app)
  traceRequests(app, parts.tracing)
  receiveRequests(app, parts.clock)
  const limits = createLimits(parts.clock, settings.limits, parts.sharing)
  const deadlines = createDeadlines(parts.clock)
  app.addHook('onClose', async () => deadlines.stop())
  const streams = createKpiStreams(parts.numbers)
  app.addHook('preClose', async () => streams.stop())
  const serving: ServeParts = {
    accounts: parts.accounts,
    attribution: parts.attribution,
    inFlight: parts.inFlight,
    limits,
    clock: parts.clock,
    deadlines,
    headersFor,
    shed: createShedding(parts.load, settings),
    isStopping: parts.isStopping,
    observer: parts.observer,
  }
  const endpoints = createEndpoints({ ...parts, settings, streams }).filter(
    ({ route }) => !settings.isForOperatorsOnly || isOfOperations(route),
  )
  serveEndpoints(
    app,
    serving,
    endpoints.filter((each) => !isIngest(each)),
  )
  serveIngest(app, serving, endpoints.filter(isIngest), parts.ingest)
  serveMetrics(app, { ...parts, settings, streams }, deadlines)
  if (settings.isForOperatorsOnly) return app
  serveDocumentation(app, { ...parts, settings, streams }, { limits, deadlines })
  return app
}
