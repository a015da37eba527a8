import { HEALTH } from '@questline/contracts'
import { toInstant } from '../../platform/platform.ts'
import { identify } from '../access.ts'
import { endpoint } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const health = (parts: EndpointParts) =>
  endpoint(HEALTH, async ({ request }) => {
    const { settings, clock } = parts
    const alarms = parts.alarms()
    const counts = await readCounts(parts).catch(() => null)
    const shown = counts !== null && (settings.doors.healthCountsPublic || (await isOperator()))
    return {
      status: counts === null ? 503 : 200,
      body: {
        status: counts === null ? 'unhealthy' : 'healthy',
        version: settings.version,
        environment: settings.environment,
        timestamp: toInstant(clock.now()),
        database: {
          status: counts === null ? 'disconnected' : 'connected',
          type: settings.databaseType,
          tables: counts === null ? 'inaccessible' : 'accessible',
        },
        ...(shown ? { checks: counts, ...(await readLags(parts, counts.events)) } : {}),
        ...(shown && alarms.length > 0 ? { alarms: [...alarms] } : {}),
      },
    }

    /** A wrong key makes a probe no worse than none. */
    async function isOperator(): Promise<boolean> {
      try {
        const caller = await identify(parts.accounts, request)
        return caller.kind === 'key' && caller.scope === 'operator'
      } catch {
        return false
      }
    }
  })

/** The checkpoints are a row each, too. Where they cannot be read, the rest is shown. */
async function readLags({ numbers }: EndpointParts, head: number) {
  const all = await numbers.consumers().catch(() => null)
  if (all === null) return {}
  const lagOf = (offset: number) => Math.max(0, head - offset)
  return { consumers: all.map(({ name, offset }) => ({ name, offset, lag: lagOf(offset) })) }
}

/** One row each: the counters are kept with every write, so a probe scans nothing. */
async function readCounts({ accounts, log }: EndpointParts) {
  const [users, events] = await Promise.all([accounts.count(), log.head()])
  return { users, events }
}
