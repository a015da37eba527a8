import { writeFile } from 'node:fs/promises'
import { KPI_MINUTES, type KpiMinute } from '@questline/contracts'
import type { Questline } from '../main.ts'
import { systemClock } from '../platform/platform.ts'
import { type SimulationResult, simulateGame, type UsdRates } from '../simulate/simulate.ts'
import type { KpiWindow } from '../windows/windows.ts'
import { kpiTables } from './kpi-tables.ts'
import { logRates } from './rates.ts'
import { gameParts } from './simulate.ts'

export type Simulated = {
  readonly result: SimulationResult
  readonly tookMs: number
  /** The live tables as they are at the end. */
  readonly tables: string
}

export type SimulationOptions = {
  readonly seed: string
  readonly ratesFile: string
  readonly isLive: boolean
}

/** Six minutes of a game in six seconds. */
const GAME = {
  ...{ players: 80, rate: 5, minutes: 6, speed: 60 },
  ...{ duplicates: 0.05, late: 0.02, bad: 0.01, offline: 0.01, skew: true },
  ...{ patienceMs: 20_000, edgeMs: 5_000 },
}
const USD_PER_UNIT = { EUR: '1.0832', GBP: '1.2714', JPY: '0.00664', KWD: '3.254' }

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** As many minutes as fit on a screen. */
const MINUTES_SHOWN = 3
const REFRESH_MS = 1_000

/**
 * Plays the game with an app and keys of its own, so that it can be run again; shows live tables on a terminal.
 * @param ratesFile gets the exchange rates, for whoever plays another game on this server
 */
export async function playSimulation(
  { address: url, books }: Questline,
  { seed, ratesFile, isLive }: SimulationOptions,
): Promise<Simulated> {
  const startedMs = systemClock.monotonic()
  const app = `demo-${seed}`
  const { keys } = books.accounts
  const [ingest, operator] = [
    await keys.create({ scope: 'ingest', app, name: 'questline demo' }),
    await keys.create({ scope: 'operator', app, name: 'questline demo' }),
  ]
  const rates = await importRates(books, ratesFile)
  const ending = new AbortController()
  const read = () => readTables(url, operator.key)
  const live = isLive ? showLive(read) : async () => undefined
  try {
    const result = await simulateGame(gameParts(ending.signal, true), {
      ...{ ...GAME, url, app, seed, rates },
      ...{ ingestKey: ingest.key, operatorKey: operator.key },
    })
    const tookMs = Math.round(systemClock.monotonic() - startedMs)
    return { result, tookMs, tables: await read() }
  } finally {
    await live()
    for (const { id } of [ingest, operator]) await keys.revoke(id)
  }
}

/** For the days that the game touches, and logged like any other import. */
async function importRates(books: Questline['books'], file: string): Promise<UsdRates> {
  const now = systemClock.now()
  const days = [now - DAY_MS, now, now + DAY_MS].map((at) =>
    new Date(at).toISOString().slice(0, 10),
  )
  await logRates(
    books,
    days.map((date) => ({ date, usdPerUnit: USD_PER_UNIT })),
  )
  const rates = days.flatMap((day) =>
    Object.entries(USD_PER_UNIT).map(([currency, rate]) => [day, currency, rate] as const),
  )
  const lines = ['date,currency,usd_per_unit', ...rates.map((of) => of.join())]
  await writeFile(file, `${lines.join('\n')}\n`)
  return new Map(rates.map(([day, currency, rate]) => [`${day} ${currency}`, rate]))
}

/** The newest minutes, as anybody with a key of an operator reads them. */
async function readTables(url: string, key: string): Promise<string> {
  const answer = await fetch(new URL(KPI_MINUTES.path, url), {
    headers: { authorization: `Bearer ${key}` },
  })
  const { minutes = [] }: { readonly minutes?: readonly KpiMinute[] } = Object(await answer.json())
  const full = minutes.filter(({ users = 0 }) => users > 1).slice(-MINUTES_SHOWN)
  return kpiTables(full.map(windowOf))
}

/** The contract's figures may be absent or not; the tables take both alike. */
const windowOf = ({ minute, ...figures }: KpiMinute): KpiWindow =>
  Object.assign({ start: Date.parse(minute) }, figures)

const OTHER_SCREEN = '\x1b[?1049h'
const OWN_SCREEN = '\x1b[?1049l'

/** On a screen of its own, which leaves what was printed before as it was. The result ends it. */
function showLive(read: () => Promise<string>): () => Promise<void> {
  const leave = (): void => void process.stdout.write(OWN_SCREEN)
  process.once('exit', leave)
  process.stdout.write(OTHER_SCREEN)
  let drawing = Promise.resolve()
  const draw = async (): Promise<void> => {
    const since = new Date(systemClock.now() - MINUTES_SHOWN * MINUTE_MS)
      .toISOString()
      .slice(11, 16)
    const text = await read().catch(() => '')
    process.stdout.write(
      `\x1b[2J\x1b[HA game is being played: six minutes of it in six seconds, up to now (${since} and later)\n\n${text}\n`,
    )
  }
  const timer = setInterval(() => {
    drawing = drawing.then(draw)
  }, REFRESH_MS)
  return async () => {
    clearInterval(timer)
    await drawing
    process.off('exit', leave)
    leave()
  }
}
