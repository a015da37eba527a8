import type { Stop } from '../platform/platform.ts'
import { insertStatement } from '../store/store.ts'

// What everything has in common that is done once on a UTC day.

export const DAY_MS = 86_400_000

/** Notes that a day had its turn, of a schedule by its name; changes no row where it was noted before. */
export const NOTE_DAY = insertStatement(
  'schedule.note-day',
  'schedule_days',
  { schedule: 'text', day: 'text', claimed_at: 'bigint' },
  'ON CONFLICT (schedule, day) DO NOTHING',
)

/** The UTC day of a moment in milliseconds since the epoch, as `YYYY-MM-DD`. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** The UTC day that is due at `now`; null between midnight and the delay. */
export const dueDay = (now: number, delayMs: number): string | null =>
  now % DAY_MS >= delayMs ? dayOf(now) : null

/**
 * Looks at once and again after each interval, one look at a time. The result ends that, and waits
 * for the look in progress.
 * @param look never rejects
 */
export function keepLooking(look: () => Promise<void>, intervalMs: number): Stop {
  let looking: Promise<void> | null = null
  const next = (): void => {
    looking ??= look().finally(() => {
      looking = null
    })
  }
  next()
  const timer = setInterval(next, intervalMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await looking
  }
}
