import { type Random, randomText } from '../platform/platform.ts'
import type { Store } from '../store/store.ts'
import type { Lease, Leases } from './lease.ts'
import { spelledOnAnalytics } from './statement.ts'

/** How long after its last word a holder is taken for dead. */
const LEASE_MS = 10_000
/** Three words may be lost before that. */
const RENEW_MS = 3_000

/** By the clock of the database, the one that all nodes share. */
const takeBy = (
  now: string,
): string => `INSERT INTO analytics.leases (name, holder, token, expires_at)
  VALUES ($1, $2, 1, ${now} + CAST($3 AS BIGINT))
  ON CONFLICT (name) DO UPDATE SET
    token = leases.token
      + CASE WHEN leases.holder = excluded.holder AND leases.expires_at > ${now} THEN 0 ELSE 1 END,
    holder = excluded.holder,
    expires_at = excluded.expires_at
  WHERE leases.holder = excluded.holder OR leases.expires_at <= ${now}
  RETURNING token`
/** Takes what nobody holds, or renews what we hold: no row where another one holds it. */
const TAKE = spelledOnAnalytics('analytics.take-lease', {
  sqlite: takeBy("CAST(unixepoch('subsec') * 1000 AS INTEGER)"),
  postgres: takeBy('CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)'),
})
/** The row stays, so that the token of the next holder is greater. */
const RELEASE = spelledOnAnalytics('analytics.release-lease', {
  sqlite: 'UPDATE analytics.leases SET expires_at = 0 WHERE name = $1 AND holder = $2',
  postgres: 'UPDATE analytics.leases SET expires_at = 0 WHERE name = $1 AND holder = $2',
})

export type SharedLeasesParts = {
  readonly store: Store
  readonly monotonic: () => number
  readonly random: Random
}

/**
 * Leases in a table, for processes that share nothing but the database. A holder that dies, or that
 * nobody hears of, is replaced after ten seconds. One that lost its lease without noticing, because it
 * was stopped in the middle of a step, cannot do harm with what it still writes: a checkpoint is moved
 * only from where it was. What a lease spares is work done twice, not rows counted twice.
 */
export const createSharedLeases =
  (parts: SharedLeasesParts): Leases =>
  (name) =>
    createSharedLease(parts, name)

function createSharedLease({ store, monotonic, random }: SharedLeasesParts, name: string): Lease {
  const holder = randomText(random, 12)
  let heldUntil = Number.NEGATIVE_INFINITY
  let asking: Promise<boolean> | null = null
  let timer: NodeJS.Timeout | null = null

  const quiet = (): void => {
    if (timer !== null) clearInterval(timer)
    timer = null
  }

  const ask = async (): Promise<boolean> => {
    // Counted from before the question, so that we give it up before anybody else may have it.
    const asked = monotonic()
    const rows = await store.transaction((tx) => tx.run(TAKE, [[name, holder, LEASE_MS]]))
    const isOurs = rows.length > 0
    heldUntil = isOurs ? asked + LEASE_MS : Number.NEGATIVE_INFINITY
    if (!isOurs) quiet()
    else if (timer === null) {
      // Also while a step takes long; a failure is told by whoever asks next.
      timer = setInterval(() => void askOnce().catch(() => undefined), RENEW_MS)
      timer.unref()
    }
    return isOurs
  }
  const askOnce = (): Promise<boolean> => {
    asking ??= ask().finally(() => {
      asking = null
    })
    return asking
  }

  return {
    async take() {
      return monotonic() < heldUntil ? true : askOnce()
    },
    async release() {
      quiet()
      // A renewal on its way would take it again.
      await asking?.catch(() => undefined)
      quiet()
      if (heldUntil === Number.NEGATIVE_INFINITY) return
      heldUntil = Number.NEGATIVE_INFINITY
      // Where the database is away, time ends it.
      await store.transaction((tx) => tx.run(RELEASE, [[name, holder]])).catch(() => undefined)
    },
  }
}
