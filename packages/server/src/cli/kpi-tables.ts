import type { KpiWindow } from '../windows/windows.ts'

const MINUTE_MS = 60_000

/** Three tables, one after the other: revenue by country, purchases and revenue, distinct users. */
export function kpiTables(minutes: readonly KpiWindow[]): string {
  const byCountry = minutes.flatMap(({ start, revenue_by_country: countries = [] }) =>
    countries.map(({ country, revenue_usd_micros }) => [
      window(start),
      country,
      dollars(revenue_usd_micros),
    ]),
  )
  const financial = minutes.flatMap(({ start, purchases = 0, revenue_usd_micros = 0 }) =>
    purchases === 0 ? [] : [[window(start), String(purchases), dollars(revenue_usd_micros)]],
  )
  const users = minutes.flatMap(({ start, users = 0 }) =>
    users === 0 ? [] : [[window(start), String(users)]],
  )
  return [
    ...['Revenue by country', boxed(['window', 'country', 'country_revenue'], byCountry), ''],
    ...[
      'Purchases and revenue',
      boxed(['window', 'total_purchases', 'total_revenue'], financial),
      '',
    ],
    ...['Distinct users', boxed(['window', 'distinct_users'], users)],
    ...missed(minutes),
    ...unconverted(minutes),
  ].join('\n')
}

const window = (start: number): string => `{${clock(start)}, ${clock(start + MINUTE_MS)}}`
const clock = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ')

/** US dollars with all their digits, at least two: no sum of doubles is as long as it looks. */
function dollars(micros: number | bigint): string {
  const digits = String(micros).padStart(7, '0')
  const fraction = digits.slice(-6).replace(/0{1,4}$/, '')
  return `${digits.slice(0, -6)}.${fraction}`
}

/** As query engines print a table. */
export function boxed(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = `+${widths.map((width) => '-'.repeat(width)).join('+')}+`
  const show = (cells: readonly string[]): string =>
    `|${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('|')}|`
  return [line, show(header), line, ...rows.map(show), line].join('\n')
}

function missed(minutes: readonly KpiWindow[]): string[] {
  return minutes.flatMap(({ start, users_missed }) =>
    users_missed === undefined
      ? []
      : [
          '',
          `Not among the users of ${window(start)}, having come too late: at most ${users_missed}`,
        ],
  )
}

/** What is missing in the revenue is said, not guessed. */
function unconverted(minutes: readonly KpiWindow[]): string[] {
  const sums = new Map<string, bigint>()
  for (const { currency, amount_micros } of minutes.flatMap((each) => each.unconverted ?? [])) {
    sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(amount_micros))
  }
  if (sums.size === 0) return []
  const amounts = [...sums].sort().map(([currency, micros]) => `${dollars(micros)} ${currency}`)
  return [
    '',
    `Not in the revenue, for want of a rate: ${amounts.join(', ')} (questline rates import)`,
  ]
}
