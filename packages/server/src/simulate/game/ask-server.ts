import { KPI_DAYS, KPI_HOURS, KPI_MINUTES, LOSS } from '@questline/contracts'
import { add, DAILY_USERS, type Figures } from './figures.ts'
import type { Place } from './planned-event.ts'

/** A server that does not answer as it must, so that nothing can be compared. */
export class NoAnswerError extends Error {}

export type ServerParts = {
  readonly url: string
  /** A key of scope `operator`. */
  readonly operatorKey: string
  readonly app: string
  readonly fetch: typeof globalThis.fetch
  readonly pause: (ms: number) => Promise<void>
  readonly grains: readonly Grain[]
}

export type Range = { readonly from: number; readonly to: number }

const PATHS = { minute: KPI_MINUTES.path, hour: KPI_HOURS.path, day: KPI_DAYS.path } as const
export type Grain = keyof typeof PATHS
/** Each holds all events, those of the last are the fewest rows. */
export const GRAINS: readonly Grain[] = ['minute', 'hour', 'day']

const ATTEMPTS = 20
/** Of a server that has never answered. */
const FIRST_ATTEMPTS = 2
const BUSY_MS = 500

type Json = Readonly<Record<string, unknown>>

/** Reads what the server shows to operators, as figures. */
export function createAsking({ url, operatorKey, app, fetch, pause, grains }: ServerParts) {
  let hasAnswered = false
  const ask = async (path: string, query: Readonly<Record<string, string>>): Promise<Json> => {
    const address = new URL(path, url)
    address.search = new URLSearchParams({ app, ...query }).toString()
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(address, {
        headers: { authorization: `Bearer ${operatorKey}` },
      }).catch(() => null)
      hasAnswered ||= response !== null
      if (response?.ok) return Object(await response.json())
      const isFinal = response !== null && response.status < 500 && response.status !== 429
      if (isFinal || attempt >= (hasAnswered ? ATTEMPTS : FIRST_ATTEMPTS)) {
        const said = response === null ? 'no answer' : `${response.status}`
        throw new NoAnswerError(`GET ${path}: ${said} ${(await response?.text()) ?? ''}`.trim())
      }
      await pause(BUSY_MS)
    }
  }

  const rangeOf = ({ from, to }: Range) => ({
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
  })

  return {
    /** All figures of the windows that the range touches, and the measured loss. */
    async figures(range: Range): Promise<Figures> {
      const figures: Figures = new Map()
      for (const grain of grains) {
        const answer = await ask(PATHS[grain], rangeOf(range))
        for (const window of listOf(answer[`${grain}s`])) addWindow(figures, grain, window)
      }
      for (const row of listOf(await ask(LOSS.path, {}))) {
        add(figures, `loss ${row['version']} received`, Number(row['received']))
        add(figures, `loss ${row['version']} lost`, Number(row['lost']))
      }
      return figures
    },

    /** Distinct users of the days in each of the areas. */
    async dailyUsers(range: Range, areas: readonly Place[]): Promise<Figures> {
      const figures: Figures = new Map()
      for (const { country, platform } of areas) {
        const query = { ...rangeOf(range), metric: 'users', country, platform }
        for (const day of listOf((await ask(KPI_DAYS.path, query))['days'])) {
          add(figures, `${DAILY_USERS}${day['day']} ${country} ${platform}`, Number(day['users']))
        }
      }
      return figures
    },

    /** How many events the numbers hold. */
    async events(range: Range): Promise<number> {
      const query = { ...rangeOf(range), metric: 'events_by_type' }
      const grain = grains.at(-1) ?? 'day'
      const windows = listOf((await ask(PATHS[grain], query))[`${grain}s`])
      const counts = windows.flatMap((window) => listOf(window['events_by_type']))
      return counts.reduce((sum, each) => sum + Number(each['count']), 0)
    },
  }
}

export type Asking = ReturnType<typeof createAsking>

const listOf = (value: unknown): readonly Json[] =>
  (Array.isArray(value) ? value : Object.values(Object(value))).map((each) => Object(each))

/** The figure of a window, or its lists by what tells their entries apart. */
function addWindow(figures: Figures, grain: string, window: Json): void {
  const { [grain]: start, ...metrics } = window
  for (const [metric, value] of Object.entries(metrics)) {
    const name = `${grain} ${start} ${metric}`
    if (!Array.isArray(value)) {
      add(figures, name, Number(value))
      continue
    }
    for (const entry of listOf(value)) {
      const label = entry['country_code'] ?? entry['event_type'] ?? entry['currency']
      const amount = Object.entries(entry).find(([, each]) => typeof each === 'number')
      add(figures, `${name} ${label}`, Number(amount?.[1]))
    }
  }
}
