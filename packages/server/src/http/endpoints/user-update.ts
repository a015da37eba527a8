import { USER_UPDATE } from '@questline/contracts'
import { currencyOf } from '../currency.ts'
import { endpoint } from '../endpoint.ts'
import { actorOf, answerFor, appOf } from '../movements.ts'
import type { EndpointParts } from '../parts.ts'

export const userUpdate = ({ ledger, clock, settings }: EndpointParts) =>
  endpoint(USER_UPDATE, async ({ body, caller, intent, requestId }) => {
    const outcome = await ledger.post({
      kind: 'adjust',
      playerId: body.userId.trim(),
      currency: currencyOf(settings, body.currency, '#/currency'),
      amount: body.balance,
      reason: body.reason ?? null,
      actor: actorOf(caller),
      app: appOf(caller, settings.defaultApp),
      at: clock.now(),
      requestId,
      intent,
      earnDailyMax: null,
    })
    return answerFor(outcome, ({ playerId, amount, balanceAfter }) => ({
      ok: true,
      userId: playerId,
      balance: balanceAfter,
      adjustment: amount,
    }))
  })
