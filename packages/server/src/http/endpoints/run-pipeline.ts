import { ProblemError, RUN_PIPELINE } from '@questline/contracts'
import type { FastifyRequest } from 'fastify'
import { isOperatorOfAll } from '../access.ts'
import { type Caller, endpoint, ok } from '../endpoint.ts'
import { isLocal } from '../local.ts'
import type { EndpointParts } from '../parts.ts'

/** The briefs' clients look for it. */
const SUCCESS = 'Pipeline execution completed successfully.'

export const runPipeline = ({ reports, settings }: EndpointParts) =>
  endpoint(RUN_PIPELINE, async ({ caller, query, request }) => {
    admit(settings, caller, request)
    const started = await reports.start(query.date === undefined ? {} : { date: query.date })
    if (started === 'busy') throw new ProblemError('run-in-progress', { retryAfter: 5 })
    if (started === 'stopping') throw new ProblemError('shutting-down', { retryAfter: 1 })
    if (query.wait === false && started.run !== null) {
      return { status: 202, body: { run: started.run } }
    }
    const { returncode, stdout, stderr } = await started.ended
    return ok({
      ok: returncode === 0,
      returncode,
      stdout: returncode === 0 ? `${SUCCESS}\n${stdout}` : '',
      stderr,
      run: started.run,
    })
  })

/** An operator anywhere; while the door is open, whoever is on this machine. */
function admit(
  { doors, allowedOrigins }: EndpointParts['settings'],
  caller: Caller,
  request: FastifyRequest,
): void {
  if (isOperatorOfAll(caller)) return
  if (doors.pipeline && isLocal(request, allowedOrigins)) return
  throw new ProblemError(caller.kind === 'nobody' ? 'unauthenticated' : 'door-closed')
}
