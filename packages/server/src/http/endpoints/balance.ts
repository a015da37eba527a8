import { BALANCE } from '@questline/contracts'
import { currencyOf } from '../currency.ts'
import { endpoint, ok, ownId } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const balance = ({ ledger, settings }: EndpointParts) =>
  endpoint(BALANCE, async ({ caller, query }) => {
    const userId = ownId(caller)
    const currency = currencyOf(settings, query.currency, '#/currency')
    return ok({ userId, balance: await ledger.balance(userId, currency) })
  })
