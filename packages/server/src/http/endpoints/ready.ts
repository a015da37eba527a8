import { READY } from '@questline/contracts'
import { endpoint, ok } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const ready = ({ isStopping, readiness }: EndpointParts) =>
  endpoint(READY, async () => {
    const reason = isStopping() ? 'the server is stopping' : await readiness()
    if (reason === null) return ok({ status: 'ready' })
    return { status: 503, body: { status: 'not-ready', reason } }
  })
