import { systemRandom } from '../packages/server/src/platform/platform.ts'
import { openStore, type Store } from '../packages/server/src/store/store.ts'

export type TestStoreSettings = {
  /** How long a lock or a statement may take; shorter than the test that waits for it. */
  readonly waitMs?: number
  /** How long to wait for a connection; as long as for a lock unless told otherwise. */
  readonly connectMs?: number
  readonly connectionsMax?: number
  readonly onIdleError?: (error: Error) => void
}

/** Opens the store of `url` as the databases of the tests give it. Does not migrate it. */
export function openTestStore(url: string, settings: TestStoreSettings = {}): Store {
  const { waitMs = 8_000, connectMs = waitMs, connectionsMax = 4 } = settings
  const onIdleError = settings.onIdleError ?? (() => undefined)
  const parts = { random: systemRandom(), onIdleError }
  if (url.startsWith('sqlite:')) {
    const file = fileOf(url)
    return openStore(parts, { kind: 'sqlite', file, busyTimeoutMs: waitMs })
  }
  return openStore(parts, {
    kind: 'postgres',
    url,
    connectionsMax,
    connectTimeoutMs: connectMs,
    lockTimeoutMs: waitMs,
    idleTransactionTimeoutMs: waitMs,
    statementTimeoutMs: waitMs,
  })
}

/** The file of `sqlite:////tmp/…/app.db`. */
export const fileOf = (url: string): string => url.slice('sqlite:///'.length)
