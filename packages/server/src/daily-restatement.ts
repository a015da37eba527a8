import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { Clock, Logger, Stop } from './platform/platform.ts'
import { insertStatement, type Store, shared } from './store/store.ts'

export type RestatementParts = {
  readonly store: Store
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
  /** Counts whole UTC days anew, `from` and `to` included. @throws when that failed */
  readonly restate: (from: string, to: string) => Promise<void>
}

export type RestatementSettings = {
  readonly on: boolean
  /** After midnight UTC. */
  readonly delayMs: number
}

const SCHEDULE = 'daily-restatement'
const DAY_MS = 86_400_000
const LOOK_INTERVAL_MS = 60_000
/** Further back the topic may hold no whole day any more. */
const DAYS_MAX = 6
const TIME_LIMIT_MS = 3_600_000

const DONE = insertStatement(
  'daily-restatement.done',
  'schedule_days',
  { schedule: 'text', day: 'text', claimed_at: 'bigint' },
  'ON CONFLICT (schedule, day) DO NOTHING',
)
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
  let looking = look(parts, settings)
  let isIdle = false
  const free = (): void => {
    isIdle = true
  }
  void looking.then(free)
  const timer = setInterval(() => {
    if (!isIdle) return
    isIdle = false
    looking = look(parts, settings)
    void looking.then(free)
  }, intervalMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    // A run is not waited for: the next start makes it again.
  }
}

async function look(
  { store, clock, logger, restate }: RestatementParts,
  { delayMs }: RestatementSettings,
): Promise<void> {
  const now = clock.now()
  if (now % DAY_MS < delayMs) return
  const today = dayOf(now)
  try {
    const [row] = await store.read<{ day: string | null }>(NEWEST, [SCHEDULE])
    const newest = row?.day ?? null
    if (newest !== null && newest >= today) return
    const yesterday = dayOf(now - DAY_MS)
    const oldest = dayOf(now - DAYS_MAX * DAY_MS)
    // On the day that was noted last the one before it was counted.
    const from = newest === null ? yesterday : newest < oldest ? oldest : newest
    await restate(from, yesterday)
    await store.transaction((tx) => tx.run(DONE, [[SCHEDULE, today, clock.now()]]))
    logger.info({ from, to: yesterday }, 'the days before are counted anew')
  } catch (error) {
    logger.warn(
      { err: error },
      'the days before could not be counted anew, the next look tries again',
    )
  }
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** By our own command: Flink's client and the SQL are no part of a server. */
export const restateByCommand =
  (environment: Readonly<Record<string, string | undefined>>): RestatementParts['restate'] =>
  (from, to) =>
    new Promise((resolve, reject) => {
      const cli = join(import.meta.dirname, 'cli.ts')
      const words = ['--disable-proto=delete', cli, 'flink', 'restate', '--from', from, '--to', to]
      execFile(
        process.execPath,
        words,
        { env: { ...environment }, timeout: TIME_LIMIT_MS },
        (error, _output, errors) => {
          if (error === null) resolve()
          else reject(new Error(errors.trim() || error.message))
        },
      )
    })
