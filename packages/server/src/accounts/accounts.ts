// Who calls: players (guests and registered), their sessions and tokens, and API keys.
// Of every secret only a hash is stored; unknown and wrong look the same; a resolved write is on disk.
// A session that ends is refused at once in this process, and in others after `revocationCheckMs`.
export type { IngestKey, ListedKey, NewKey } from './api-keys.ts'
export { type ApiKeys, createApiKeys } from './api-keys.ts'
export { KEY_SCOPES, type KeyCaller, type KeyScope, type PlayerCaller } from './callers.ts'
export { type Accounts, type AccountsSettings, createAccounts } from './create-accounts.ts'
export { PASSWORD_COST } from './passwords.ts'
export { createPlayers, type Player, type Players } from './players.ts'
export type { Session } from './sessions.ts'
export { AccountsUsageError } from './usage-error.ts'
