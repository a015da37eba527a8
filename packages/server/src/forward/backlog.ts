/**
 * Firehose keeps what it cannot deliver for 24 hours, and our log longer; yet whoever looks only when
 * it is too late has lost. So a backlog of a quarter of that is an alarm.
 */
export const BACKLOG_ALARM_MS = 6 * 3_600_000

export type Backlog = {
  /** How long ago the oldest event was received that is not acknowledged; 0 when all are. */
  readonly ageMs: number
  readonly isAlarm: boolean
}

/** @param receivedAt of the oldest event that is not acknowledged; null when all are */
export function backlogOf(receivedAt: number | null, now: number): Backlog {
  const ageMs = receivedAt === null ? 0 : Math.max(0, now - receivedAt)
  return { ageMs, isAlarm: ageMs >= BACKLOG_ALARM_MS }
}
