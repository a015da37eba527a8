import { type AnalyticsPlace, analyticsFile } from '../analytics/analytics.ts'
import type { Config } from './config.ts'

export type AnalyticsSettings = {
  readonly place: AnalyticsPlace
  /** Where the file of the analytics lies or would lie; locks and scratch of this machine lie beside it. */
  readonly file: string
}

/** Where what is computed from the log lies, and how long to wait for what it needs. */
export function analyticsSettings({
  store: { database },
  dataDir,
  analytics,
}: Pick<Config, 'store' | 'dataDir' | 'analytics'>): AnalyticsSettings {
  const file = analyticsFile(database, dataDir)
  if (analytics.url !== null) {
    const { url, connectTimeoutMs, pooler } = analytics
    return { place: { kind: 'postgres', url, connectTimeoutMs, pooler }, file }
  }
  const busyTimeoutMs = database.kind === 'sqlite' ? database.busyTimeoutMs : 5_000
  return { place: { kind: 'sqlite', file, busyTimeoutMs }, file }
}
