import {
  type FieldError,
  PROBLEMS,
  type ProblemCode,
  ProblemError,
  problemDocument,
} from '@questline/contracts'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../platform/platform.ts'
import { ofTrace } from '../tracing/tracing.ts'

/** Failures that are not the client's and may pass: the store says so without http knowing the store. */
export type IsUnavailable = (error: unknown) => boolean

const BY_FASTIFY_CODE: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_BAD_URL: 'malformed-request',
  FST_ERR_MAX_PARAM_LENGTH: 'uri-too-long',
  FST_ERR_HANDLER_TIMEOUT: 'overloaded',
}

/** Every error becomes a problem document from the one table; what is not in it is a bug and says nothing. */
export function problemFor(error: unknown, isUnavailable: IsUnavailable): ProblemError {
  if (error instanceof ProblemError) return error
  if (isUnavailable(error)) {
    return new ProblemError('store-unavailable', { retryAfter: 1, cause: error })
  }
  if (isFastifyError(error)) {
    if (error.validation) {
      return new ProblemError('invalid-request', { errors: fieldErrors(error) })
    }
    const code = BY_FASTIFY_CODE[error.code]
    if (code) return new ProblemError(code, code === 'overloaded' ? { retryAfter: 1 } : {})
    if (error.statusCode !== undefined && error.statusCode < 500) {
      return new ProblemError('malformed-request')
    }
  }
  return new ProblemError('internal-error', { cause: error })
}

/** What was thrown, as an error: anything can be thrown, and Fastify takes only errors for failures. */
export const toError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown))

const isFastifyError = (error: unknown): error is FastifyError =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'

/** A small body can hold ten thousand unknown fields; nobody reads more than the first of them. */
const FIELD_ERRORS_MAX = 20

function fieldErrors(error: FastifyError): FieldError[] {
  return (error.validation ?? [])
    .slice(0, FIELD_ERRORS_MAX)
    .map(({ instancePath, message, keyword, params }) => {
      const field = params['missingProperty'] ?? params['additionalProperty']
      const path = typeof field === 'string' ? `${instancePath}/${escaped(field)}` : instancePath
      return { pointer: `#${path}`, detail: explained(keyword, params, message) }
    })
}

/** RFC 6901. */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

function explained(keyword: string, params: Record<string, unknown>, message = ''): string {
  if (keyword === 'required') return 'is missing'
  if (keyword === 'additionalProperties') return 'is not a field of this request'
  if (keyword === 'format' && params['format'] === 'text') {
    return 'has a NUL character or a lone surrogate'
  }
  return message
}

export function sendProblem(reply: FastifyReply, requestId: string, problem: ProblemError) {
  const { status, retry } = PROBLEMS[problem.code]
  if (status === 401) reply.header('www-authenticate', challenge(problem.code))
  if (retry || problem.retryAfter !== undefined) {
    reply.header('retry-after', String(Math.max(1, Math.ceil(problem.retryAfter ?? 1))))
  }
  reply.request.routeOptions.config.observe?.(status, reply.request)
  const document = problemDocument(problem.code, {
    requestId,
    detail: problem.detail,
    errors: problem.errors,
  })
  return reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .serializer((text: unknown) => String(text))
    .send(JSON.stringify(document))
}

const challenge = (code: ProblemCode): string =>
  code === 'invalid-token' ? 'Bearer error="invalid_token"' : 'Bearer'

type AnswerProblem = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply

/** Answers with the problem that an error is. */
export function answerProblems(parts: {
  readonly logger: Logger
  readonly isUnavailable: IsUnavailable
  readonly isStopping: () => boolean
}): AnswerProblem {
  return (error, request, reply) => {
    if (parts.isStopping()) reply.header('connection', 'close')
    const problem = problemFor(error, parts.isUnavailable)
    logProblem(parts.logger, request, problem)
    return sendProblem(reply, request.id, problem)
  }
}

/** Renders all that is thrown below `app`. */
export function renderProblems(app: FastifyInstance, answer: AnswerProblem): void {
  app.setErrorHandler(answer)
  // Unknown paths are refused before this, so that nobody's body is read for them.
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, request.id, new ProblemError('not-found')),
  )
}

/** Failures are for those who run the server; refused credentials for those who look for intruders. */
function logProblem(logger: Logger, request: FastifyRequest, problem: ProblemError): void {
  const { status } = PROBLEMS[problem.code]
  const said = { request_id: request.id, code: problem.code, route: request.routeOptions.url }
  const fields = { ...said, ...ofTrace(request.trace) }
  if (problem.code === 'internal-error') logger.error({ ...fields, err: problem.cause }, 'bug')
  else if (status >= 500) logger.warn(fields, problem.message)
  else if (status === 401 || status === 403) {
    logger.info({ ...fields, address: request.ip }, 'credentials were refused')
  }
}
