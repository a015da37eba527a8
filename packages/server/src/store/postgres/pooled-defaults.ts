import { type Store, StoreFailure } from '../port.ts'
import { spelled } from '../statement.ts'

/** A read alone, outside of a transaction, cannot bring a limit of its own through a pooler. */
const LIMIT = '60s'

const CURRENT = spelled('pooler.statement-limit', {
  sqlite: 'SELECT 0 AS "limitMs"',
  postgres: `SELECT setting::bigint AS "limitMs" FROM pg_settings WHERE name = 'statement_timeout'`,
})
/** Of this role in this database, so nobody else's statements are cut. */
const SETTLE = `DO $$ BEGIN EXECUTE format(
  'ALTER ROLE %I IN DATABASE %I SET statement_timeout = %L',
  current_user, current_database(), '${LIMIT}'); END $$`

/**
 * Behind a pooler: whether the database itself ends a read that nobody waits for any more. Settles
 * it where it is not.
 * @returns what somebody has to do, or null
 */
export async function settlePooledDefaults(store: Store): Promise<string | null> {
  const [row] = await store.read<{ limitMs: number }>(CURRENT, [])
  if (row !== undefined && row.limitMs > 0) return null
  try {
    await store.script([SETTLE])
  } catch (error) {
    if (!(error instanceof StoreFailure) || error.kind !== 'bug') throw error
    return `reads have no limit of time in the database, and this role may not set one (${error.message}): let its owner run ALTER ROLE … IN DATABASE … SET statement_timeout = '${LIMIT}'`
  }
  return 'reads got a limit of time in the database, which holds for new connections only: RECONNECT the pooler'
}
