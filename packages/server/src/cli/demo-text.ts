import { join, relative } from 'node:path'
import type { AuditReport } from '../audit/audit.ts'
import type { DayOfReports, GameSummary, Mismatch } from '../simulate/simulate.ts'
import type { Simulated } from './demo-simulation.ts'
import { table } from './output.ts'
import { simulationText } from './simulate-text.ts'

export type Played = {
  readonly address: string
  readonly database: string
  readonly seed: string
  readonly tookMs: number
  readonly game: GameSummary
  readonly audit: AuditReport
}

export type MadeReports = DayOfReports & {
  readonly address: string
  readonly dataDir: string
  readonly reportsDir: string
  readonly tookMs: number
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
      : `${mismatches.length} answers were WRONG:\n${mismatchesText(mismatches)}`
  return `A game of ${number(requests)} requests in ${(tookMs / 1_000).toFixed(1)} s (seed ${seed})\n${table(lines, '  ')}\n  answers: ${answers.join(', ')}\n\n${verdict}`
}

const mismatchesText = (mismatches: readonly Mismatch[]): string =>
  table(
    mismatches.map(({ what, expected, actual }) => [what, `not ${expected}`, `but ${actual}`]),
    '  ',
  )

/** What became of the files, and where that can be read. */
export function reportsText(made: MadeReports): string {
  const { rows, tookMs, summary, mismatches, address } = made
  const [data, out] = [made.dataDir, made.reportsDir].map(shownPath)
  const seconds = (tookMs / 1_000).toFixed(1)
  const head = `The daily reports of ${number(rows)} made-up rows, with every fault of real exports, in ${seconds} s`
  if (mismatches.length > 0) return `${head}\nThey are WRONG:\n${mismatchesText(mismatches)}`
  const places = [
    [
      shownPath(join(made.reportsDir, 'report.html')),
      'open it, or mail it: one page without scripts',
    ],
    [`${out}`, 'the other reports; rejected_rows.csv says what could not be read, and why'],
    [`${data}/*.csv`, 'what they were made of'],
    [`curl -X POST ${address}/run-pipeline`, 'makes them again, as long as this runs'],
    [`npx questline reports run --data ${data} --out ${out}`, 'does so at any time'],
  ]
  const lines = summary.split('\n').map((line) => `  ${line}`)
  return `${head}\n${lines.join('\n')}\n\nevery row ended where it was planted to end\n\n${table(places, '  ')}`
}

/** What a game through the SDK was, and the newest of the numbers that were made of it. */
export function simulatedText({ result, tookMs, tables }: Simulated): string {
  const { played, network, right, events, verdicts } = result
  const seconds = (tookMs / 1_000).toFixed(1)
  const head = `Six minutes of a game through the SDK in ${seconds} s: ${number(played)} events in ${number(network.requests)} requests, ${number(network.twice)} of them twice, with late and bad events, lost connections and wrong clocks (${number(verdicts.duplicate)} duplicates, ${number(verdicts.rejected)} rejected, ${number(verdicts.conflict)} conflicts)`
  const verdict = right
    ? `each of its ${number(events)} events counts once: the numbers are those of the game's own count, to the micro`
    : simulationText(result)
  return `${head}\n\n${tables}\n\n${verdict}`
}

/** As seen from here, if it is below. */
function shownPath(path: string): string {
  const fromHere = relative('', path)
  return fromHere.startsWith('..') ? path : fromHere
}

/** In the folder of the demo. A game that is compared must know the rates by which the server counts. */
export const RATES_FILE = 'rates.csv'

/** What to try next; `dataDir` is where the demo keeps all that it has. */
export function afterword(address: string, dataDir: string): string {
  const json = "-H 'Content-Type: application/json'"
  const data = shownPath(dataDir)
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

or follow the live numbers, while another minute of a game is played:

  DATA_DIR=${data} npx questline kpi --follow
  DATA_DIR=${data} npx questline simulate --to ${address} --rates ${join(data, RATES_FILE)} --duplicates 5% --late 2% --skew

or be a player yourself; the same earn twice with one key counts once:

  TOKEN=$(curl -s ${address}/login ${json} -d '{"userId":"you"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')
  curl -s ${address}/earn -H "Authorization: Bearer $TOKEN" -H 'Idempotency-Key: first-earn' ${json} -d '{"amount":100}'
  curl -s ${address}/balance -H "Authorization: Bearer $TOKEN"

Ctrl-C stops it.`
}
