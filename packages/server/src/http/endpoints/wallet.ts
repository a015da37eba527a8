import { WALLET } from '@questline/contracts'
import { endpoint, ok, ownId } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const wallet = ({ ledger, settings }: EndpointParts) =>
  endpoint(WALLET, async ({ caller }) => {
    const userId = ownId(caller)
    const moved = await ledger.wallet(userId)
    const hasDefault = moved.some(({ currency }) => currency === settings.defaultCurrency)
    const unmoved = hasDefault ? [] : [{ currency: settings.defaultCurrency, balance: 0 }]
    return ok({ userId, balances: [...unmoved, ...moved] })
  })
