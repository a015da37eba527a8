import { type Asking, GRAINS, type Grain, type Range } from './ask-server.ts'
import { AREAS } from './cast.ts'
import { compare } from './compare.ts'
import type { Crowd } from './crowd.ts'
import { DAILY_USERS, type Figures } from './figures.ts'
import type { Network } from './network.ts'
import { LATE_MS_MAX } from './planned-event.ts'
import type { SimulationParts, SimulationResult, SimulationSettings } from './simulation.ts'
import type { Truth } from './truth.ts'
import type { Verdicts } from './verdicts.ts'

/** A game that has ended. */
export type Played = {
  readonly asking: Asking
  readonly truth: Truth
  readonly verdicts: Verdicts
  readonly network: Network
  readonly crowd: Crowd
  /** Events that were played. */
  readonly count: number
  /** What the server said before. */
  readonly before: Figures
  readonly run: string
  readonly startAt: number
}

const MINUTE_MS = 60_000

/** What the server holds already, so that it can be taken off: another game may have been played. */
export async function stateBefore(asking: Asking, range: Range): Promise<Figures> {
  const figures = await asking.figures(range)
  // Without days nobody has counted users by day either.
  if (eventsIn(figures, 'day') === 0) return figures
  return new Map([...figures, ...(await asking.dailyUsers(range, AREAS))])
}

export async function compareGame(
  { pause, monotonic, progress, time }: SimulationParts,
  { patienceMs, grains = GRAINS }: SimulationSettings,
  game: Played,
): Promise<SimulationResult> {
  const { asking, truth, verdicts, network, crowd, before, count, startAt } = game
  const last = truth.range()?.to ?? startAt + MINUTE_MS
  const range = { from: startAt - LATE_MS_MAX, to: Math.max(last, time.now()) }
  const figures = truth.figures()
  crowd.addLoss(figures)
  const compared = new Map([...figures].filter(([name]) => isCompared(name, grains)))
  const differences = await compare(
    {
      ...{ asking, pause, monotonic },
      progress: (visible, of) => progress({ phase: 'counting', visible, of }),
    },
    {
      ...{ grains, figures: compared, range, before, patienceMs },
      ...{ events: truth.events(), eventsBefore: eventsIn(before, grains.at(-1) ?? 'day') },
    },
  )
  blameSilence(game)
  const faults = verdicts.faults()
  return {
    ...{ run: game.run, range, played: count },
    ...{ verdicts: verdicts.statuses(), codes: verdicts.codes(), network: network.counts() },
    events: truth.events(),
    truth: Object.fromEntries([...figures].sort(([a], [b]) => (a < b ? -1 : 1))),
    dailyUsers: truth.dailyUsers(),
    ...{ faults: faults.first, faultCount: faults.count, differences },
    notCompared: GRAINS.filter((grain) => !grains.includes(grain)),
    right: faults.count === 0 && differences.length === 0,
  }
}

/** Each event that was recorded must have been answered, and the SDK must have told so. */
function blameSilence({ verdicts, crowd, count }: Played): void {
  const waiting = verdicts.waiting()
  if (waiting > 0) verdicts.blame(`${waiting} events have no verdict`)
  const answered = crowd.answered()
  if (answered !== count) verdicts.blame(`the SDK tells of ${answered} answers to ${count} events`)
}

/** Daily users are of days; what is measured of loss has no grain. */
function isCompared(name: string, grains: readonly Grain[]): boolean {
  const [first = ''] = name.split(' ')
  const grain = name.startsWith(DAILY_USERS) ? 'day' : GRAINS.find((each) => each === first)
  return grain === undefined || grains.includes(grain)
}

/** Each grain holds all of them. */
const eventsIn = (figures: Figures, grain: Grain): number =>
  [...figures]
    .filter(([name]) => name.startsWith(`${grain} `) && name.includes(' events_by_type '))
    .reduce((sum, [, count]) => sum + count, 0)
