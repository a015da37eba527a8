import { type EARN, ProblemError } from '@questline/contracts'
import type { Entry, Outcome } from '../ledger/ledger.ts'
import { currencyOf } from './currency.ts'
import type { Answer, Call, Caller } from './endpoint.ts'
import type { EndpointParts } from './parts.ts'

/** `POST /earn` and `POST /spend`, which differ in their sign only. */
export async function move(
  { ledger, clock, settings }: EndpointParts,
  kind: 'earn' | 'spend',
  { body, caller, intent, requestId }: Call<typeof EARN>,
): Promise<Answer> {
  const byPlayer = caller.kind === 'player'
  if (byPlayer && !settings.doors.playerEarn) {
    throw new ProblemError('door-closed', { detail: 'Here only a server key moves currency.' })
  }
  const outcome = await ledger.post({
    kind,
    playerId: playerOf(caller, body.userId),
    currency: currencyOf(settings, body.currency, '#/currency'),
    amount: body.amount,
    reason: body.reason ?? null,
    actor: actorOf(caller),
    app: appOf(caller, settings.defaultApp),
    at: clock.now(),
    requestId,
    intent,
    earnDailyMax: byPlayer ? settings.earnDailyMax : null,
  })
  return answerFor(outcome, ({ playerId, amount, balanceAfter }) => ({
    ok: true,
    userId: playerId,
    amount: Math.abs(amount),
    balance: balanceAfter,
  }))
}

/**
 * Which player a request of the money and event routes is about. A player's token means itself;
 * a server key must name the player.
 * @throws ProblemError `not-your-account`, or `invalid-request` with the pointer
 */
export function playerOf(caller: Caller, named: string | undefined): string {
  const userId = named?.trim()
  if (caller.kind === 'player') {
    if (userId === undefined || userId === caller.playerId) return caller.playerId
    throw new ProblemError('not-your-account', { detail: 'Leave userId out, or send your own.' })
  }
  if (userId !== undefined) return userId
  throw new ProblemError('invalid-request', {
    errors: [{ pointer: '#/userId', detail: 'is missing: a server key must name the player' }],
  })
}

/** Who did it, for the ledger's audit column. */
export function actorOf(caller: Caller): string {
  if (caller.kind === 'player') return `player:${caller.playerId}`
  return caller.kind === 'key' ? `${caller.scope}:${caller.keyId}` : 'nobody'
}

/** Turns what the ledger did into an answer; `body` writes the route's own success. */
export function answerFor(outcome: Outcome, body: (entry: Entry) => object): Answer {
  switch (outcome.kind) {
    case 'posted':
      return { status: 200, body: body(outcome.entry), replayed: outcome.replayed }
    case 'refused':
      return {
        status: outcome.refusal.status,
        body: outcome.refusal.body,
        replayed: outcome.replayed,
      }
    case 'key-reused':
      throw keyReused()
    case 'unknown-player':
      throw new ProblemError('unknown-player')
  }
}

export const keyReused = (): ProblemError =>
  new ProblemError('idempotency-key-reused', {
    detail: 'This key came with another request before. Send a new key for a new intent.',
  })

/** The app that an event belongs to: the key's, or the server's default. */
export const appOf = (caller: Caller, defaultApp: string): string =>
  (caller.kind === 'key' ? caller.app : null) ?? defaultApp
