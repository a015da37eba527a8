import { ProblemError, USER_LEDGER } from '@questline/contracts'
import { endpoint, ok, visibleId } from '../endpoint.ts'
import { ledgerPage } from '../ledger-page.ts'
import type { EndpointParts } from '../parts.ts'

export const userLedger = ({ accounts, ledger }: EndpointParts) =>
  endpoint(USER_LEDGER, async ({ caller, params, query }) => {
    const player = await accounts.find(visibleId(caller, params.userId))
    if (!player) throw new ProblemError('unknown-player')
    return ok(await ledgerPage(ledger, player.playerId, query))
  })
