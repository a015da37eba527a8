import { BALANCE } from '@questline/contracts'
import { currencyOf } from '../currency.ts'
import { endpoint, ok, ownId } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const balance = ({ ledger, settings }: EndpointParts) =>
  endpoint(BALANCE, ({ caller, query }) => {
    const userId = ownId(caller)
    const currency = currencyOf(settings, query.currency, '#/currency')
    const answer = (balance: number) => ok({ userId, balance })
    const balance = ledger.balance(userId, currency)
    return balance instanceof Promise ? balance.then(answer) : answer(balance)
  })
