import { ProblemError, type Route } from '@questline/contracts'
import type {
  FastifyReply,
  FastifyRequest,
  onRequestAsyncHookHandler,
  onRequestHookHandler,
  preValidationHookHandler,
} from 'fastify'
import type { Accounts } from '../accounts/accounts.ts'
import type { Attribution } from '../attribution/attribution.ts'
import { accepts } from './accept.ts'
import { authorize, checkOperator, headerValues, identify, seemsToBearKey } from './access.ts'
import { bodyLimitsOf } from './collect-body.ts'
import type { Deadlines } from './deadlines.ts'
import type { Caller } from './endpoint.ts'
import type { Limits } from './limits.ts'
import { toError } from './problems.ts'

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
}

export type AdmissionParts = {
  readonly accounts: Accounts
  readonly attribution: Attribution
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly shed: (route: Route) => void
  readonly isStopping: () => boolean
}

const NOBODY: Caller = { kind: 'nobody' }
const CHECK_TOOK_TOO_LONG = 'It took too long to find out who calls. Nothing was done.'

/** Cheapest refusals first: stopping, overload, rate of the address, then the caller. */
export function admit(parts: AdmissionParts, route: Route): onRequestHookHandler {
  // Probes and providers send odd headers, and neither reads the answer: theirs are let be.
  const { produces = ['application/json'] } = route
  const readsAnswer = route.tag !== 'Operations' && route.access !== 'verifier'
  const bodyLimits = bodyLimitsOf(route)
  return (request, reply, done) => {
    request.bodyLimits = bodyLimits
    try {
      if (parts.isStopping() && route.tag !== 'Operations') {
        reply.header('connection', 'close')
        throw new ProblemError('shutting-down', { retryAfter: 1 })
      }
      parts.shed(route)
      if (readsAnswer && !produces.some((type) => accepts(request.headers.accept, type))) {
        const detail = `All answers are ${produces.join(', ')}.`
        throw new ProblemError('not-acceptable', { detail })
      }
      const admitted = admitCaller(parts, route, request)
      if (admitted === undefined) done()
      else whenAdmitted(parts, reply, admitted, done)
    } catch (error) {
      done(toError(error))
    }
  }
}

/**
 * The database is asked who calls, which may take as little time as the handler may. A deadline over
 * both would also count the time in between, in which a slow client is still sending its body.
 */
function whenAdmitted(
  { deadlines }: AdmissionParts,
  reply: FastifyReply,
  admitted: Promise<void>,
  done: (error?: Error) => void,
): void {
  deadlines.watch(reply, CHECK_TOOK_TOO_LONG, admitted).then(
    () => done(),
    (error) => done(toError(error)),
  )
}

/** Lets operators in, and nobody else: for a page that is no route of the contract. */
export function admitOperators({
  accounts,
  deadlines,
}: Pick<AdmissionParts, 'accounts' | 'deadlines'>): onRequestAsyncHookHandler {
  return (request, reply) =>
    deadlines.watch(reply, CHECK_TOOK_TOO_LONG, checkOperator(accounts, request))
}

/** A postback is proven over its raw bytes, before anything is made of them. */
function proof(parts: AdmissionParts, request: FastifyRequest) {
  return (rawBody: Buffer): void => {
    const header = (name: string) => headerValues(request, name)
    parts.attribution.verify({ rawBody, header, address: request.ip })
  }
}

/** Notes who calls, and refuses who may not: at once, or by a promise where the database has to be asked. */
function admitCaller(
  parts: AdmissionParts,
  route: Route,
  request: FastifyRequest,
): Promise<void> | undefined {
  const { access } = route
  const needsCaller = access !== 'anyone' && access !== 'verifier'
  if (needsCaller && seemsToBearKey(parts.accounts, request)) return admitKey(parts, route, request)
  parts.limits.beforeRoute(route, request.ip)
  if (access === 'verifier') request.proveBody = proof(parts, request)
  if (needsCaller) return admitBearer(parts, route, request)
  request.caller = NOBODY
  return undefined
}

function admitBearer(
  { limits, accounts }: AdmissionParts,
  { access }: Route,
  request: FastifyRequest,
): Promise<void> | undefined {
  const admitted = (caller: Caller): void => {
    authorize(access, caller)
    limits.afterIdentified(caller)
    request.caller = caller
  }
  const caller = identify(accounts, request)
  if (caller instanceof Promise) return caller.then(admitted)
  admitted(caller)
  return undefined
}

/** Keys come first: most of them have no limit, and which do is known once they are checked. */
function admitKey(
  { limits, accounts }: AdmissionParts,
  route: Route,
  request: FastifyRequest,
): Promise<void> | undefined {
  const refused = (error: unknown): never => {
    limits.afterKey(route, request.ip, null)
    throw error
  }
  const admitted = (caller: Caller): void => {
    limits.afterKey(route, request.ip, caller)
    authorize(route.access, caller)
    request.caller = caller
  }
  let caller: Caller | Promise<Caller>
  try {
    caller = identify(accounts, request)
  } catch (error) {
    return refused(error)
  }
  if (caller instanceof Promise) return caller.then(admitted, refused)
  admitted(caller)
  return undefined
}

/** `?uid=a&uid=b` has no meaning here, and must not be read as either. `%ZZ` is no text. */
export const refuseUnclearQuery: preValidationHookHandler = (request, _reply, done) => {
  if (!request.url.includes('?')) return done()
  if (!isDecodable(request.url)) {
    const detail = 'The query string is not percent-encoded UTF-8.'
    return done(new ProblemError('malformed-request', { detail }))
  }
  for (const [name, value] of Object.entries(request.query as object)) {
    if (!Array.isArray(value)) continue
    const detail = `The query parameter ${name} stands there twice.`
    return done(new ProblemError('malformed-request', { detail }))
  }
  done()
}

function isDecodable(url: string): boolean {
  if (!url.includes('%')) return true
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}
