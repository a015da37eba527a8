import type { Clock, Logger, Stop } from '../platform/platform.ts'
import type { Pipeline } from '../reports/runs/runs.ts'
import type { Store } from '../store/store.ts'
import { dueDay, keepLooking, NOTE_DAY } from './schedule-days.ts'

export type DailyReportsParts = {
  readonly store: Store
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
  readonly start: Pipeline['start']
  /** Whether a run is in progress, in this process or another one on this machine. */
  readonly isBusy: () => Promise<boolean>
}

export type DailyReportsSettings = {
  readonly on: boolean
  /** After midnight UTC. */
  readonly delayMs: number
}

const SCHEDULE = 'daily-reports'
const LOOK_INTERVAL_MS = 15_000

/**
 * Makes the reports once on every UTC day, some time after its midnight; at start for a day on which
 * nobody was there. A row in the books says whose turn it was, so several nodes and a restart make no
 * second run, and a run that fails is not tried again.
 */
export async function scheduleReports(
  parts: DailyReportsParts,
  settings: DailyReportsSettings,
  intervalMs = LOOK_INTERVAL_MS,
): Promise<Stop> {
  if (!settings.on) return async () => undefined
  return keepLooking(createLook(parts, settings), intervalMs)
}

function createLook(
  { store, clock, logger, start, isBusy }: DailyReportsParts,
  { delayMs }: DailyReportsSettings,
): () => Promise<void> {
  /** The last day that is known to have had its turn, here or elsewhere. */
  let done = ''
  const claim = (day: string): Promise<number> =>
    store.transaction((tx) => tx.change(NOTE_DAY, [[SCHEDULE, day, clock.now()]]))

  return async () => {
    const day = dueDay(clock.now(), delayMs)
    if (day === null || day === done) return
    try {
      // Somebody's run by hand must not cost the day its own: the next look comes soon.
      if (await isBusy()) return
      const isOurs = (await claim(day)) === 1
      done = day
      if (!isOurs) return
      const started = await start({})
      if (typeof started === 'string') {
        logger.warn({ day, reason: started }, 'the reports of today could not be started')
      } else logger.info({ day, run: started.run }, 'the reports of today were started')
    } catch (error) {
      logger.warn(
        { err: error, day },
        'the schedule of the reports failed, the next look tries again',
      )
    }
  }
}
