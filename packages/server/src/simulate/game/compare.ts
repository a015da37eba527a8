import type { Asking, Grain, Range } from './ask-server.ts'
import { AREAS } from './cast.ts'
import { DAILY_USERS, type Difference, differences } from './figures.ts'

export type CompareParts = {
  readonly asking: Asking
  readonly pause: (ms: number) => Promise<void>
  readonly monotonic: () => number
  /** How many of how many events the server's numbers hold. */
  readonly progress: (visible: number, of: number) => void
}

export type Expectation = {
  readonly grains: readonly Grain[]
  readonly figures: ReadonlyMap<string, number>
  readonly range: Range
  /** What the server said before the game began. */
  readonly before: ReadonlyMap<string, number>
  readonly eventsBefore: number
  readonly events: number
  /** So long without progress, and what is missing is missing. */
  readonly patienceMs: number
}

const LOOK_MS = 300

/** Waits until the server has counted what it has accepted, and tells where it is not what it must be. */
export async function compare(parts: CompareParts, due: Expectation): Promise<Difference[]> {
  if (due.grains.length === 0) return []
  await catchUp(parts, due)
  const { asking, pause, monotonic } = parts
  const until = monotonic() + Math.min(due.patienceMs, 10_000)
  // What is measured of loss may follow a moment after the windows.
  for (;;) {
    const actual = await asking.figures(due.range)
    const found = differences(due.figures, actual, due.before)
    if (found.every(({ what }) => what.startsWith(DAILY_USERS)) || monotonic() >= until) {
      const users = due.grains.includes('day') ? await asking.dailyUsers(due.range, AREAS) : []
      return differences(due.figures, new Map([...actual, ...users]), due.before)
    }
    await pause(LOOK_MS)
  }
}

async function catchUp(
  { asking, pause, monotonic, progress }: CompareParts,
  { range, events, eventsBefore, patienceMs }: Expectation,
): Promise<void> {
  let most = -1
  let since = monotonic()
  for (;;) {
    const visible = (await asking.events(range)) - eventsBefore
    progress(visible, events)
    if (visible >= events) return
    if (visible > most) {
      most = visible
      since = monotonic()
    }
    if (monotonic() - since > patienceMs) return
    await pause(LOOK_MS)
  }
}
