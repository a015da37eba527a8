import { ProblemError, USER } from '@questline/contracts'
import { endpoint, ok, visibleId } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const user = ({ accounts, ledger, settings }: EndpointParts) =>
  endpoint(USER, async ({ caller, params }) => {
    const player = await accounts.find(visibleId(caller, params.userId))
    if (!player) throw new ProblemError('unknown-player')
    const { playerId: userId, username } = player
    const balance = await ledger.balance(userId, settings.defaultCurrency)
    return ok({ userId, ...(username === null ? {} : { username }), balance })
  })
