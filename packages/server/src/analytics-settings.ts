import { analyticsFile } from './analytics/analytics.ts'
import type { Config } from './config.ts'

/** Where what is computed from the log lies, and how long to wait for another process that writes there. */
export const analyticsSettings = ({
  store: { database },
  dataDir,
}: Pick<Config, 'store' | 'dataDir'>) => ({
  file: analyticsFile(database, dataDir),
  busyTimeoutMs: database.kind === 'sqlite' ? database.busyTimeoutMs : 5_000,
})
