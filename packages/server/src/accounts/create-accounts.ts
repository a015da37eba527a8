import type { SharedFailures } from '../nodes/nodes.ts'
import type { Clock, Random } from '../platform/platform.ts'
import type { Store, Writer } from '../store/store.ts'
import { type AccessTokenSettings, createAccessTokens } from './access-tokens.ts'
import {
  type ApiKeys,
  createApiKeys,
  createKeyChecks,
  type IngestKey,
  type KeyChecks,
} from './api-keys.ts'
import { createCallerCache } from './caller-cache.ts'
import { createCommonPasswords } from './common-passwords.ts'
import { createGuestLogin, type GuestLogin } from './guests.ts'
import { createLoginThrottle, LOGIN_THROTTLE_DEFAULTS } from './login-throttle.ts'
import {
  createPasswordHashing,
  type HashingLoad,
  type PasswordHashingSettings,
} from './password-hashing.ts'
import { createPasswordLogin } from './password-login.ts'
import { createPlayers, type Players } from './players.ts'
import { type Credentials, createRegistration, type Registered } from './registration.ts'
import { type NewSession, newSession } from './session.ts'
import { answer, createSessions, type Session, type Sessions } from './sessions.ts'
import { FIND_CREDENTIALS } from './statements.ts'

export type AccountsSettings = AccessTokenSettings &
  PasswordHashingSettings & {
    readonly refreshTtlDays: number
    /** The door: whether a userId alone is enough for `POST /login`. */
    readonly bareGuestLogin: boolean
    /** One more ingest key, beside those in the database. */
    readonly ingestKey: IngestKey | null
    /** Failed logins on one account before each further one waits longer; null: never, for load tests. */
    readonly loginFailuresPerAccount?: number | null
    /** For how long a verified token is believed, milliseconds: when a revocation by another process is seen at the latest. */
    readonly revocationCheckMs?: number
    readonly cachedCallersMax?: number
  }

export type Accounts = Sessions &
  KeyChecks &
  Players & {
    /**
     * @throws ProblemError `invalid-credentials`, `too-many-requests`, `password-required`,
     * `reserved-id`, `device-secret-unbound`, `device-secret-required`
     */
    guestLogin(input: GuestLogin): Promise<Session>
    /** `gone` says that nobody waits for the answer: a hash that waits for its turn is dropped, and the reason thrown. */
    register(credentials: Credentials, gone?: AbortSignal): Promise<Registered>
    passwordLogin(credentials: Credentials, gone?: AbortSignal): Promise<Session>
    hashingLoad(): HashingLoad
    readonly keys: ApiKeys
  }

export type AccountsParts = {
  readonly store: Store
  readonly writer: Writer
  readonly clock: Clock
  readonly random: Random
  /** Where several nodes count failed logins together; without it this process counts alone. */
  readonly failures?: SharedFailures | null
}

const DAY_MS = 86_400_000
const REVOCATION_CHECK_MS = 5_000
const CACHED_CALLERS_MAX = 100_000

export function createAccounts(parts: AccountsParts, settings: AccountsSettings): Accounts {
  const { store, writer, clock, random } = parts
  const tokens = createAccessTokens(clock, settings)
  const cache = createCallerCache(clock, {
    freshMs: settings.revocationCheckMs ?? REVOCATION_CHECK_MS,
    callersMax: settings.cachedCallersMax ?? CACHED_CALLERS_MAX,
  })
  const lifetimes = {
    refreshMs: settings.refreshTtlDays * DAY_MS,
    accessMs: tokens.ttlSeconds * 1_000,
  }
  const hashing = createPasswordHashing(random, settings)
  const loggingIn = {
    writer,
    now: clock.now,
    openSession: (now: number) => newSession(random, now),
    answer: (playerId: string, { sessionId, refresh }: NewSession) =>
      answer(tokens, playerId, sessionId, refresh.text),
  }
  // Apart, because failures of guests cost an attacker nothing and would push out those of usernames.
  const guestThrottle = createThrottle(parts, settings, 'guest')
  const throttle = createThrottle(parts, settings, 'username')

  return {
    ...createSessions({ ...parts, tokens, cache }, lifetimes),
    ...createKeyChecks(store, settings.ingestKey),
    ...createPlayers({ store, writer, now: clock.now, onSessionsEnded: cache.endPlayer }),
    guestLogin: createGuestLogin({ ...loggingIn, throttle: guestThrottle }, settings),
    register: createRegistration({
      ...{ writer, random, hashing },
      now: clock.now,
      isCommon: createCommonPasswords(),
      isTaken: async (folded) => (await store.read(FIND_CREDENTIALS, [folded])).length > 0,
    }),
    passwordLogin: createPasswordLogin({ ...loggingIn, store, random, throttle, hashing }),
    hashingLoad: hashing.load,
    keys: createApiKeys(parts),
  }
}

function createThrottle(
  { clock, failures = null }: AccountsParts,
  { loginFailuresPerAccount }: AccountsSettings,
  kind: string,
) {
  if (loginFailuresPerAccount === null) return createLoginThrottle(clock, null)
  const failuresFree = loginFailuresPerAccount ?? LOGIN_THROTTLE_DEFAULTS.failuresFree
  const sharing = failures && { failures, kind }
  return createLoginThrottle(clock, { ...LOGIN_THROTTLE_DEFAULTS, failuresFree }, sharing)
}
