// The numbers as one would count them by hand: no batches, no database, no code of the server.

/** One event of the log, in its order. */
export type Logged = {
  readonly kind: 'game' | 'free' | 'server'
  readonly app: string
  readonly type: string
  readonly player: string | null
  readonly at: number
  readonly fields: Readonly<Record<string, unknown>>
}
type Place = { readonly country: string; readonly platform: string }
export type Figures = {
  readonly purchases: number
  readonly revenue: number
  readonly users: number
  readonly matches: number
  readonly events: Readonly<Record<string, number>>
  readonly unconverted: Readonly<Record<string, number>>
}

/** What the random events say, and what it means. */
const COUNTRIES: Readonly<Record<string, string>> = { pt: 'PT', 'PT ': 'PT', UK: 'GB', us: 'US' }
const countryOf = (said: unknown): string => COUNTRIES[String(said)] ?? 'UNKNOWN'
const platformOf = (said: unknown): string => String(said).trim().toUpperCase()
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** A decimal times micros, half away from zero, digit by digit. */
function times(micros: number, rate: string): number {
  const [whole = '', fraction = ''] = rate.split('.')
  const product = BigInt(micros) * BigInt(whole + fraction)
  const scale = 10n ** BigInt(fraction.length)
  return Number(product / scale) + ((product % scale) * 2n >= scale ? 1 : 0)
}

function microsOf({ type, fields }: Logged): number {
  const value = type === 'purchase' ? fields['amount_micros'] : fields['purchase_value']
  return type === 'purchase' ? Number(value) : Math.round(Number(value) * 1e6)
}

/** The figures of one window of one app (null: of all), for one country and platform or all of them. */
export function figuresOf(
  log: readonly Logged[],
  window: { readonly from: number; readonly to: number },
  filter: {
    readonly app: string | null
    readonly country: string | null
    readonly platform: string | null
  },
): Figures {
  const rates = new Map<string, string>()
  for (const { type, fields } of log) {
    if (type !== 'rates') continue
    const table = Object.entries(fields['usd_per_unit'] as Record<string, string>)
    for (const [currency, rate] of table) rates.set(`${fields['date']} ${currency}`, rate)
  }
  const users = new Set<string>()
  const events: Record<string, number> = {}
  const unconverted: Record<string, number> = {}
  const sums = { purchases: 0, revenue: 0, matches: 0 }
  log.forEach((event, index) => {
    const { kind, app, type, at, fields } = event
    if (at < window.from || at >= window.to || /^(af_|rates$)/.test(type)) return
    if (filter.app !== null && app !== filter.app) return
    const fits = (place: Place): boolean =>
      (filter.country ?? place.country) === place.country &&
      (filter.platform ?? place.platform) === place.platform
    const players = playersOf(log, index)
    const isMatch = kind === 'game' && type === 'match'
    const seen = players.filter(({ place }) => fits(place))
    const own = players[0]?.place ?? { country: 'UNKNOWN', platform: 'UNKNOWN' }
    if (kind !== 'server') for (const { id } of seen) users.add(`${app} ${id}`)
    if (!(isMatch ? seen.length > 0 : fits(own))) return
    events[type] = (events[type] ?? 0) + 1
    if (isMatch) sums.matches += 1
    if (kind !== 'game' || !/purchase$/.test(type)) return
    sums.purchases += 1
    const currency = String(fields['currency'] ?? 'USD')
    const rate = currency === 'USD' ? '1' : rates.get(`${dayOf(at)} ${currency}`)
    const amount = microsOf(event)
    if (rate !== undefined) sums.revenue += times(amount, rate)
    else if (amount > 0) unconverted[currency] = (unconverted[currency] ?? 0) + amount
  })
  return { ...sums, users: users.size, events, unconverted }
}

function playersOf(log: readonly Logged[], index: number) {
  const event = log[index]
  if (!event) return []
  const { kind, type, fields, player } = event
  const at = (id: string, said: { country?: unknown; platform?: unknown }) => {
    const init = newestInit(log.slice(0, index), event.app, id)
    const country =
      said.country === undefined ? (init?.country ?? 'UNKNOWN') : countryOf(said.country)
    const platform =
      said.platform === undefined ? (init?.platform ?? 'UNKNOWN') : platformOf(said.platform)
    return { id, place: { country, platform } }
  }
  if (kind === 'game' && type === 'match') {
    return ['user-a', 'user-b'].map((side) => {
      const block = fields[`${side}-postmatch-info`] as { platform: string } | undefined
      return at(String(fields[side]), block ? { platform: block.platform } : {})
    })
  }
  const id = player ?? fields['user-id']
  return id === undefined ? [] : [at(String(id), kind === 'game' ? fields : {})]
}

/** The greatest time wins, the later in the log on a tie. */
function newestInit(before: readonly Logged[], app: string, id: string): Place | undefined {
  let newest: Logged | undefined
  for (const event of before) {
    const isTheirs = event.app === app && String(event.player ?? event.fields['user-id']) === id
    if (event.kind !== 'game' || event.type !== 'init' || !isTheirs) continue
    if (!newest || event.at >= newest.at) newest = event
  }
  if (!newest) return undefined
  return {
    country: countryOf(newest.fields['country']),
    platform: platformOf(newest.fields['platform']),
  }
}
