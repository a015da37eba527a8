import type { Random } from '../platform/platform.ts'
import type { Store } from './port.ts'
import { openPostgres, type PostgresSettings } from './postgres/postgres.ts'
import { openSqlite, type SqliteSettings } from './sqlite/sqlite.ts'

export type OpenStoreSettings =
  | ({ readonly kind: 'sqlite' } & SqliteSettings)
  | ({ readonly kind: 'postgres' } & PostgresSettings)

export type OpenStoreParts = {
  readonly random: Random
  readonly onIdleError: (error: Error) => void
}

/** Opens the books. Does not migrate them. */
export function openStore(parts: OpenStoreParts, settings: OpenStoreSettings): Store {
  if (settings.kind === 'sqlite') return openSqlite(settings)
  const jitter = () => parts.random.bytes(1).readUInt8() / 255
  return openPostgres({ jitter, onIdleError: parts.onIdleError }, settings)
}
