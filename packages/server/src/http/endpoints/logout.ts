import { LOGOUT, ProblemError } from '@questline/contracts'
import { endpoint, ok } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const logout = ({ accounts }: EndpointParts) =>
  endpoint(LOGOUT, async ({ caller }) => {
    if (caller.kind !== 'player') throw new ProblemError('unauthenticated')
    await accounts.logout(caller)
    return ok({ ok: true })
  })
