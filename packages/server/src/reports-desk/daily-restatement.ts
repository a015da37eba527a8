import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { Clock, Logger, Stop } from '../platform/platform.ts'
import { type Store, shared } from '../store/store.ts'
import { DAY_MS, dayOf, dueDay, keepLooking, NOTE_DAY } from './schedule-days.ts'

export type RestatementParts = {
  readonly store: Store
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
  /** Counts whole UTC days anew, `from` and `to` included. @throws when that failed or is to end */
  readonly restate: (from: string, to: string, signal: AbortSignal) => Promise<void>
}

export type RestatementSettings = {
  readonly on: boolean
  /** After midnight UTC. */
  readonly delayMs: number
}

const SCHEDULE = 'daily-restatement'
const LOOK_INTERVAL_MS = 60_000
/** Further back the topic may hold no whole day any more. */
const DAYS_MAX = 6
const TIME_LIMIT_MS = 3_600_000

const NEWEST = shared(
  'daily-restatement.newest',
  'SELECT max(day) AS day FROM schedule_days WHERE schedule = $1',
)

/**
 * Has the days before today counted anew once on every UTC day, some time after its midnight; at start
 * for days on which nobody was there. A day is noted when it is done, not before: counting twice gives
 * the same rows, so a run that fails or is killed is made again.
 */
export async function scheduleRestatement(
  parts: RestatementParts,
  settings: RestatementSettings,
  intervalMs = LOOK_INTERVAL_MS,
): Promise<Stop> {
  if (!settings.on) return async () => undefined
  const ending = new AbortController()
  const stop = keepLooking(() => look(parts, settings, ending.signal), intervalMs)
  return async () => {
    // A run is not waited for: the next start makes it again.
    ending.abort()
    await stop()
  }
}

async function look(
  { store, clock, logger, restate }: RestatementParts,
  { delayMs }: RestatementSettings,
  signal: AbortSignal,
): Promise<void> {
  const now = clock.now()
  const today = dueDay(now, delayMs)
  if (today === null) return
  try {
    const [row] = await store.read<{ day: string | null }>(NEWEST, [SCHEDULE])
    const newest = row?.day ?? null
    if (newest !== null && newest >= today) return
    const yesterday = dayOf(now - DAY_MS)
    const oldest = dayOf(now - DAYS_MAX * DAY_MS)
    // On the day that was noted last the one before it was counted.
    const from = newest === null ? yesterday : newest < oldest ? oldest : newest
    await restate(from, yesterday, signal)
    await store.transaction((tx) => tx.run(NOTE_DAY, [[SCHEDULE, today, clock.now()]]))
    logger.info({ from, to: yesterday }, 'the days before are counted anew')
  } catch (error) {
    if (signal.aborted) return
    logger.warn(
      { err: error },
      'the days before could not be counted anew, the next look tries again',
    )
  }
}

/** By our own command: Flink's client and the SQL are no part of a server. */
export const restateByCommand =
  (environment: Readonly<Record<string, string | undefined>>): RestatementParts['restate'] =>
  (from, to, signal) =>
    new Promise((resolve, reject) => {
      const cli = join(import.meta.dirname, '..', 'cli.ts')
      const words = ['--disable-proto=delete', cli, 'flink', 'restate', '--from', from, '--to', to]
      execFile(
        process.execPath,
        words,
        { env: { ...environment }, timeout: TIME_LIMIT_MS, signal },
        (error, _output, errors) => {
          if (error === null) resolve()
          else reject(new Error(errors.trim() || error.message))
        },
      )
    })
