import { type Leases, openAnalytics, openLeases } from '../analytics/analytics.ts'
import { analyticsSettings } from '../config/analytics-settings.ts'
import { registerLake } from '../lake/lake.ts'
import { BATCH_EVENTS, type Consumers, createConsumers } from '../pipeline/consumers.ts'
import { readingLake } from '../pipeline/open-lake.ts'
import { loadRules } from '../pipeline/quality-rules.ts'
import type { Rule } from '../quality/quality.ts'
import type { Store } from '../store/store.ts'
import { type Opened, withDatabase } from './with-database.ts'

export type OpenedAnalytics = Opened & {
  readonly analytics: Store
  /** Where the file of the analytics lies or would lie; scratch lies beside it. */
  readonly file: string
  readonly leases: Leases
  readonly rules: readonly Rule[]
  /** The consumers of this process, which work where no server holds their leases. */
  readonly consumers: Consumers
}

/** Opens the books and the analytics of the settings for one command, and closes both. */
export const withAnalytics = <T>(work: (opened: OpenedAnalytics) => Promise<T>): Promise<T> =>
  withDatabase(async (opened) => {
    const { config, clock, random, store } = opened
    const rules = loadRules(config.quality.rulesFile)
    const settings = analyticsSettings(config)
    const analytics = await openAnalytics({ now: clock.now, random }, settings.place)
    try {
      await registerLake(analytics)
      const { file } = settings
      const lake = readingLake(config.lake, file, String(process.pid))
      const leases = openLeases(
        { store: analytics, monotonic: clock.monotonic, random, file },
        settings.place,
      )
      const consumers = createConsumers(
        { readBooks: store.read, analytics, leases },
        { rules, batchEvents: BATCH_EVENTS, lake },
      )
      return await work({ ...opened, analytics, file, leases, rules, consumers })
    } finally {
      await analytics.close()
    }
  })
