import { WALLET } from '@questline/contracts'
import { endpoint, ok, ownId } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const wallet = ({ ledger, settings }: EndpointParts) =>
  endpoint(WALLET, async ({ caller }) => {
    const userId = ownId(caller)
    const { defaultCurrency } = settings
    const moved = await ledger.wallet(userId)
    const others = moved.filter(({ currency }) => currency !== defaultCurrency)
    const balance = moved.find(({ currency }) => currency === defaultCurrency)?.balance ?? 0
    // By name, since the databases list them in orders of their own.
    others.sort((a, b) => (a.currency < b.currency ? -1 : 1))
    return ok({ userId, balances: [{ currency: defaultCurrency, balance }, ...others] })
  })
