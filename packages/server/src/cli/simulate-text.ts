import { toInstant } from '../platform/platform.ts'
import type { Difference, SimulationResult } from '../simulate/simulate.ts'
import { table } from './output.ts'

const DIFFERENCES_SHOWN = 40
const MINUTES_SHOWN = 30

const count = (value: number): string => value.toLocaleString('en-US')

/** The whole result, as `--json` prints it. */
export const simulationDocument = ({ range, ...result }: SimulationResult) => ({
  ...result,
  range: { from: toInstant(range.from), to: toInstant(range.to) },
})

/** The truth of a game, and where the server says otherwise. */
export function simulationText(result: SimulationResult): string {
  const { run, played, network } = result
  return [
    `Game ${run}: ${count(played)} events in ${count(network.requests)} requests, ${count(network.twice)} of them twice, ${count(network.failed)} without an answer`,
    verdictsText(result),
    '',
    'The truth',
    minutesText(result),
    usersText(result),
    '',
    verdictText(result),
  ].join('\n')
}

function verdictsText({ verdicts, codes }: SimulationResult): string {
  const rows = Object.entries(verdicts)
    .filter(([, times]) => times > 0)
    .map(([status, times]) => {
      const why = Object.entries(codes)
        .filter(([name]) => name.startsWith(`${status} `))
        .map(([name, number]) => `${count(number)} ${name.slice(status.length + 1)}`)
      return [status, count(times).padStart(8), why.join(', ')]
    })
  return table(rows, '  ')
}

/** One line a minute; countries by their revenue in US dollars. */
function minutesText({ truth }: SimulationResult): string {
  const minutes = new Map<string, Map<string, number>>()
  for (const [name, value] of Object.entries(truth)) {
    const [grain, start = '', ...metric] = name.split(' ')
    if (grain !== 'minute') continue
    const of = minutes.get(start) ?? new Map<string, number>()
    minutes.set(start, of.set(metric.join(' '), value))
  }
  const rows = [...minutes].sort().map(([start, of]) => {
    const figure = (name: string): string => count(of.get(name) ?? 0).padStart(6)
    const countries = [...of]
      .filter(([name]) => name.startsWith('revenue_by_country '))
      .sort(([, a], [, b]) => b - a)
      .map(([name, micros]) => `${name.split(' ')[1]} ${dollars(micros)}`)
    const revenue = dollars(of.get('revenue_usd_micros') ?? 0).padStart(10)
    return [
      ...[start.slice(0, 16), figure('purchases'), revenue, figure('matches'), figure('users')],
      countries.join('  '),
    ]
  })
  const head = ['minute', ' bought', 'US dollars', 'matches', ' users', 'revenue by country']
  const more = rows.length - MINUTES_SHOWN
  const shown = table([head, ...rows.slice(-MINUTES_SHOWN)], '  ')
  return more > 0 ? `${shown}\n  and ${more} minutes before them (--json has all)` : shown
}

const dollars = (micros: number): string => (micros / 1e6).toFixed(2)

function usersText({ dailyUsers }: SimulationResult): string {
  const all = dailyUsers.filter(
    ({ country_code, platform }) => country_code === '(ALL)' && platform === '(ALL)',
  )
  const days = all.map(({ date, distinct_users }) => `${count(distinct_users)} on ${date}`)
  const parts = dailyUsers.filter(
    ({ country_code, platform }) => country_code !== '(ALL)' && platform !== '(ALL)',
  )
  return `  distinct users: ${days.join(', ') || 'none'}, in ${parts.length} pairs of country and platform`
}

function verdictText(result: SimulationResult): string {
  const { right, events, truth, faults, faultCount, differences, network, notCompared } = result
  const left =
    notCompared.length === 0
      ? ''
      : `\nNot compared: ${notCompared.map((grain) => `${grain}s`).join(', ')} and daily users.`
  if (right) {
    const figures = Object.keys(truth).filter(
      (name) => !notCompared.some((grain) => name.startsWith(`${grain} `)),
    )
    return `The server says the same: ${count(events)} events, ${count(figures.length)} figures, to the micro.${left}`
  }
  const lines = [
    ...faults.map((fault) => `  ${fault}`),
    ...(faultCount > faults.length ? [`  and ${faultCount - faults.length} more`] : []),
    differencesText(differences),
  ]
  const hint =
    network.slow === 0
      ? []
      : [
          `  ${network.slow} requests took longer than 2 s, which moves events of that time between minutes`,
        ]
  return [
    `The server does NOT say the same: ${faultCount} wrong answers, ${differences.length} wrong figures`,
    ...lines,
    ...hint,
  ].join('\n')
}

function differencesText(differences: readonly Difference[]): string {
  const rows = differences
    .slice(0, DIFFERENCES_SHOWN)
    .map(({ what, expected, actual }) => [what, `not ${expected}`, `but ${actual}`])
  const more = differences.length - DIFFERENCES_SHOWN
  return more > 0 ? `${table(rows, '  ')}\n  and ${more} more` : table(rows, '  ')
}
