import { batched, insertStatement, shared } from '../store/store.ts'

const GUEST = `player_id AS "playerId", device_secret_hash AS "secretHash",
  CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END AS "hasPassword" FROM players`
export const FIND_GUESTS = batched('accounts.find-guests', {
  sqlite: `SELECT ${GUEST} WHERE player_id = $1`,
  postgres: `SELECT ${GUEST} WHERE player_id = ANY($1::text[])`,
})

export const INSERT_GUESTS = insertStatement('accounts.insert-guests', 'players', {
  player_id: 'text',
  device_secret_hash: 'bytea',
  created_at: 'bigint',
})

export const FIND_USERNAMES = batched('accounts.find-usernames', {
  sqlite: 'SELECT username_folded AS folded FROM players WHERE username_folded = $1',
  postgres: 'SELECT username_folded AS folded FROM players WHERE username_folded = ANY($1::text[])',
})

export const INSERT_REGISTERED = insertStatement('accounts.insert-registered', 'players', {
  player_id: 'text',
  username: 'text',
  username_folded: 'text',
  password_hash: 'text',
  created_at: 'bigint',
})

export const ADD_TO_PLAYER_COUNT = shared(
  'accounts.add-to-player-count',
  'UPDATE player_count SET players = players + $1',
)
export const PLAYER_COUNT = shared('accounts.player-count', 'SELECT players FROM player_count')

export const FIND_CREDENTIALS = shared(
  'accounts.find-credentials',
  'SELECT player_id AS "playerId", password_hash AS "passwordHash" FROM players WHERE username_folded = $1',
)
/** Bound to the old hash, so that it never undoes a password that changed meanwhile. */
export const REPLACE_PASSWORD_HASH = shared(
  'accounts.replace-password-hash',
  'UPDATE players SET password_hash = $3 WHERE player_id = $1 AND password_hash = $2',
)

export const FIND_PLAYER = shared(
  'accounts.find-player',
  'SELECT player_id AS "playerId", username FROM players WHERE player_id = $1',
)
export const BIND_DEVICE_SECRET = shared(
  'accounts.bind-device-secret',
  'UPDATE players SET device_secret_hash = $2, sessions_since = $3 WHERE player_id = $1',
)

/** Whether a session still stands: its player exists, nobody ended it, nobody ended all of them. */
export const FIND_STANDING = shared(
  'accounts.find-standing',
  `SELECT p.sessions_since AS "sessionsSince",
    CASE WHEN r.session_id IS NULL THEN 0 ELSE 1 END AS revoked
  FROM players p LEFT JOIN revoked_sessions r ON r.session_id = $2 WHERE p.player_id = $1`,
)

export const INSERT_REFRESH_TOKENS = insertStatement(
  'accounts.insert-refresh-tokens',
  'refresh_tokens',
  {
    token_key: 'bytea',
    session_id: 'text',
    player_id: 'text',
    issued_at: 'bigint',
  },
)

const REFRESHABLE = `t.token_key AS "tokenKey", t.session_id AS "sessionId",
  t.player_id AS "playerId", t.issued_at AS "issuedAt", t.used_at AS "usedAt",
  p.sessions_since AS "sessionsSince", CASE WHEN r.session_id IS NULL THEN 0 ELSE 1 END AS revoked
  FROM refresh_tokens t JOIN players p ON p.player_id = t.player_id
  LEFT JOIN revoked_sessions r ON r.session_id = t.session_id`
export const FIND_REFRESH_TOKENS = batched('accounts.find-refresh-tokens', {
  sqlite: `SELECT ${REFRESHABLE} WHERE t.token_key = $1`,
  postgres: `SELECT ${REFRESHABLE} WHERE t.token_key = ANY($1::bytea[])`,
})

export const USE_REFRESH_TOKENS = batched('accounts.use-refresh-tokens', {
  sqlite: 'UPDATE refresh_tokens SET used_at = $2 WHERE token_key = $1',
  postgres: `UPDATE refresh_tokens t SET used_at = u.used_at
    FROM unnest($1::bytea[], $2::bigint[]) AS u(token_key, used_at) WHERE t.token_key = u.token_key`,
})

export const REVOKE_SESSIONS = insertStatement(
  'accounts.revoke-sessions',
  'revoked_sessions',
  { session_id: 'text', revoked_at: 'bigint', expires_at: 'bigint' },
  'ON CONFLICT (session_id) DO NOTHING',
)

export const SWEEP_REFRESH_TOKENS = shared(
  'accounts.sweep-refresh-tokens',
  `DELETE FROM refresh_tokens WHERE token_key IN
    (SELECT token_key FROM refresh_tokens WHERE token_key < $1 ORDER BY token_key LIMIT $2)
  RETURNING session_id`,
)
export const SWEEP_REVOKED_SESSIONS = shared(
  'accounts.sweep-revoked-sessions',
  `DELETE FROM revoked_sessions WHERE session_id IN
    (SELECT session_id FROM revoked_sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
  RETURNING session_id`,
)

export const INSERT_API_KEYS = insertStatement('accounts.insert-api-keys', 'api_keys', {
  key_id: 'text',
  scope: 'text',
  app: 'text',
  name: 'text',
  secret_hash: 'bytea',
  created_at: 'bigint',
})
export const FIND_API_KEY = shared(
  'accounts.find-api-key',
  `SELECT scope, app, secret_hash AS "secretHash", revoked_at AS "revokedAt"
  FROM api_keys WHERE key_id = $1`,
)
export const LIST_API_KEYS = shared(
  'accounts.list-api-keys',
  `SELECT key_id AS id, scope, app, name, created_at AS "createdAt", revoked_at AS "revokedAt"
  FROM api_keys ORDER BY created_at, key_id`,
)
export const REVOKE_API_KEY = shared(
  'accounts.revoke-api-key',
  'UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $2) WHERE key_id = $1 RETURNING key_id',
)
