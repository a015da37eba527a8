// What the lake says of a game, in the words of its truth: asked by the commands, as analysts do.
import type { DailyUsers } from '../../packages/server/src/simulate/simulate.ts'
import { questline, type Surroundings } from '../questline.ts'

const MINUTE_MS = 60_000

/** One row for each figure of each minute; money by currency, as it was paid. */
const figuresOf = (app: string): string => `
  WITH e AS (
    SELECT *, epoch_ms(corrected_at) // ${MINUTE_MS} AS minute FROM events_enriched
    WHERE kind = 'game' AND app = '${app}'),
  p AS (SELECT * FROM e WHERE amount_micros IS NOT NULL),
  u AS (
    SELECT minute, log_offset, event_type, {'id': user_id, 'country_code': country_code} AS player
    FROM e WHERE user_id IS NOT NULL
    UNION ALL
    SELECT minute, log_offset, event_type, {'id': f.id, 'country_code': f.country_code}
    FROM (SELECT minute, log_offset, event_type, unnest(further_users) AS f FROM e))
  SELECT minute, 'events_by_type ' || event_type AS name, count(*) AS value FROM e GROUP BY ALL
  UNION ALL SELECT minute, 'purchases', count(*) FROM p GROUP BY ALL
  UNION ALL SELECT minute, 'paid ' || currency, sum(amount_micros)::BIGINT FROM p GROUP BY ALL
  UNION ALL SELECT minute, 'matches', count(*) FROM e WHERE event_type = 'match' GROUP BY ALL
  UNION ALL SELECT minute, 'users', count(DISTINCT player.id) FROM u GROUP BY ALL
  UNION ALL SELECT minute, 'matches_by_country ' || player.country_code, count(DISTINCT log_offset)
    FROM u WHERE event_type = 'match' GROUP BY ALL`

async function json(words: readonly string[], around: Surroundings): Promise<unknown> {
  const { exit, output, errors } = await questline([...words, '--json'], around)
  if (exit !== 0) throw new Error(`${words.join(' ')} ended with ${exit}: ${errors}${output}`)
  return JSON.parse(output)
}

type Row = { readonly minute: number; readonly name: string; readonly value: number }

/** By name, as `minute 2026-03-01T12:00:00.000Z users`. */
export async function lakeFigures(app: string, around: Surroundings) {
  const rows = (await json(['lake', 'query', '--limit', '0', figuresOf(app)], around)) as Row[]
  return Object.fromEntries(
    rows.map(({ minute, name, value }) => [
      `minute ${new Date(minute * MINUTE_MS).toISOString()} ${name}`,
      value,
    ]),
  )
}

/** The figures of the truth that the lake has; what is in other currencies was paid, not converted. */
export function ofMinutes(truth: Readonly<Record<string, number>>) {
  const figures = Object.entries(truth).flatMap(([name, value]): [string, number][] => {
    const [grain, start, metric, label] = name.split(' ')
    if (grain !== 'minute' || metric?.startsWith('revenue_by_')) return []
    if (metric === 'revenue_usd_micros') return [[`${grain} ${start} paid USD`, value]]
    if (metric === 'unconverted') return [[`${grain} ${start} paid ${label}`, value]]
    return [[name, value]]
  })
  return Object.fromEntries(figures)
}

/** What `questline lake verify` finds wrong. */
export async function lakeFaults(around: Surroundings): Promise<unknown> {
  const { faults } = Object(await json(['lake', 'verify'], around))
  return faults
}

export async function dailyUsersReport(app: string, around: Surroundings) {
  const rows = (await json(['reports', 'daily-users', '--app', app], around)) as DailyUsers[]
  return rows
    .map(({ date, country_code, platform, distinct_users }) => ({
      ...{ date, country_code, platform, distinct_users },
    }))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

const keyOf = ({ date, country_code, platform }: DailyUsers): string =>
  `${date} ${country_code} ${platform}`
