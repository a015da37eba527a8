import { toInstant } from '../platform/platform.ts'
import { type ArrivedMinute, arrivedMinutes } from '../quality/quality.ts'
import type { OpenedAnalytics } from './with-analytics.ts'

const MINUTE_MS = 60_000

/** Events of one app that arrived in one minute. */
export type StatusRow = Omit<ArrivedMinute, 'minute'> & { readonly minute: string }

export async function qualityStatus(
  { store, analytics, clock }: OpenedAnalytics,
  { minutes, app }: { readonly minutes: number; readonly app: string | null },
): Promise<StatusRow[]> {
  const to = (Math.floor(clock.now() / MINUTE_MS) + 1) * MINUTE_MS
  const range = { from: to - minutes * MINUTE_MS, to, app, rowsMax: Number.POSITIVE_INFINITY }
  const rows = await arrivedMinutes(store.read, analytics.read, range)
  return (rows ?? []).map((row) => ({ ...row, minute: toInstant(row.minute) }))
}
