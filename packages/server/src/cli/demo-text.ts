import type { AuditReport } from '../audit/audit.ts'
import type { GameSummary } from '../simulate/simulate.ts'
import { table } from './output.ts'

export type Played = {
  readonly address: string
  readonly database: string
  readonly seed: string
  readonly tookMs: number
  readonly game: GameSummary
  readonly audit: AuditReport
}

const number = (value: number): string => value.toLocaleString('en-US')

/** What a game did, line by line. */
export function gameText({ seed, tookMs, game }: Played): string {
  const { did, requests, statuses, mismatches } = game
  const inHand = did.coinsEarned - did.coinsSpent
  const rows: readonly (readonly [string, number, string])[] = [
    ['players', did.guests + did.registered, `${did.guests} guests, ${did.registered} registered`],
    ['logins', did.logins, `${did.refusedLogins} more refused: wrong device secret`],
    ['earns', did.earns, `${number(did.coinsEarned)} coins`],
    ['spends', did.spends, `${number(did.coinsSpent)} coins, ${number(inHand)} left in all hands`],
    ['refused spends', did.refusedSpends, 'more than there was: 409 insufficient-funds'],
    ['retries', did.retries, 'same key, same request: same answer, nothing happened twice'],
    ['sent at once', did.simultaneous, 'five at a time under one key: each five earned once'],
    ['reused keys', did.reusedKeys, 'another request under a used key: 422'],
    ['events', did.events, 'logged by the players; each movement and postback is one as well'],
    ['deeplinks', did.deeplinks, 'opened'],
    ['postbacks', did.postbacks, `signed; ${did.repeatedPostbacks} repeated: duplicate`],
    ['forged postbacks', did.forgedPostbacks, '401 invalid-signature'],
    ['foreign looks', did.foreignLooks, "at another player's page: 404, as if there were none"],
  ]
  const answers = Object.entries(statuses).map(([status, times]) => `${status} × ${times}`)
  const lines = rows.map(([what, count, how]) => [what, number(count).padStart(6), how])
  const verdict =
    mismatches.length === 0
      ? 'every answer and every balance was as the players expect'
      : `${mismatches.length} answers were WRONG:\n${table(
          mismatches.map(({ what, expected, actual }) => [
            what,
            `not ${expected}`,
            `but ${actual}`,
          ]),
          '  ',
        )}`
  return `A game of ${number(requests)} requests in ${(tookMs / 1_000).toFixed(1)} s (seed ${seed})\n${table(lines, '  ')}\n  answers: ${answers.join(', ')}\n\n${verdict}`
}

/** What to try next. */
export function afterword(address: string): string {
  const json = "-H 'Content-Type: application/json'"
  return `Open
${table(
  [
    [`${address}/docs`, 'try every endpoint (Swagger UI)'],
    [`${address}/redoc`, 'read about them'],
    [`${address}/health`, 'is it well?'],
    [`${address}/metrics`, 'for Prometheus'],
  ],
  '  ',
)}

or be a player yourself; the same earn twice with one key counts once:

  TOKEN=$(curl -s ${address}/login ${json} -d '{"userId":"you"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')
  curl -s ${address}/earn -H "Authorization: Bearer $TOKEN" -H 'Idempotency-Key: first-earn' ${json} -d '{"amount":100}'
  curl -s ${address}/balance -H "Authorization: Bearer $TOKEN"

Ctrl-C stops it.`
}
