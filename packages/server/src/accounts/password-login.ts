import { ProblemError } from '@questline/contracts'
import type { Random } from '../platform/platform.ts'
import type { SqlValue, Store, Work, Writer } from '../store/store.ts'
import type { LoginThrottle } from './login-throttle.ts'
import type { PasswordHashing } from './password-hashing.ts'
import { impossibleHash } from './passwords.ts'
import { refreshTokenRow } from './refresh.ts'
import { type Credentials, checkPasswordBytes, foldUsername } from './registration.ts'
import type { NewSession } from './session.ts'
import type { Session } from './sessions.ts'
import { FIND_CREDENTIALS, INSERT_REFRESH_TOKENS, REPLACE_PASSWORD_HASH } from './statements.ts'

export type PasswordLoginParts = {
  readonly store: Store
  readonly writer: Writer
  readonly random: Random
  readonly throttle: LoginThrottle
  readonly hashing: PasswordHashing
  readonly now: () => number
  readonly openSession: (now: number) => NewSession
  readonly answer: (playerId: string, session: NewSession) => Session
}

type Known = { readonly playerId: string; readonly passwordHash: string }

/**
 * An unknown username and a wrong password do the same work, count the same failure and get the
 * same answer.
 * @throws ProblemError `invalid-credentials`, `too-many-requests`, `invalid-request`, `overloaded`
 */
export function createPasswordLogin(
  parts: PasswordLoginParts,
): (credentials: Credentials, gone?: AbortSignal) => Promise<Session> {
  const { store, writer, throttle, hashing } = parts
  const nobodysHash = impossibleHash(parts.random.bytes)

  /** Done at a login, the only time when the password itself is here. It can wait for the next one. */
  const strengthen = async ({ playerId, passwordHash }: Known, password: string): Promise<void> => {
    if (hashing.load().waiting > 0) return
    const stronger = await hashing.hash(password)
    await writer.submit(REHASH, [playerId, passwordHash, stronger])
  }

  return async ({ username, password }, gone) => {
    checkPasswordBytes(password)
    const account = foldUsername(username)
    await throttle.look(account)
    throttle.allow(account)
    const [known] = await store.read<Known>(FIND_CREDENTIALS, [account])
    const turn = {
      // Once more when its turn has come, since others of the same account may have failed meanwhile.
      async begin() {
        await throttle.look(account)
        throttle.begin(account)
      },
      end: (isRight: boolean) =>
        known && isRight ? throttle.succeeded(account) : throttle.failed(account),
    }
    const stored = known?.passwordHash ?? nobodysHash
    const { matches, weak } = await hashing.verify(password, stored, turn, gone)
    if (!known || !matches) throw new ProblemError('invalid-credentials')
    if (weak) await strengthen(known, password)
    const at = parts.now()
    const session = parts.openSession(at)
    await writer.submit(OPEN, { playerId: known.playerId, session, at })
    return parts.answer(known.playerId, session)
  }
}

type Opening = { readonly playerId: string; readonly session: NewSession; readonly at: number }

const OPEN: Work<Opening, null> = {
  name: 'accounts.open-session',
  async apply(tx, openings) {
    const rows = openings.map(({ playerId, session, at }) =>
      refreshTokenRow({ sessionId: session.sessionId, playerId, at }, session.refresh),
    )
    await tx.run(INSERT_REFRESH_TOKENS, rows)
    return openings.map(() => null)
  },
}

const REHASH: Work<readonly SqlValue[], null> = {
  name: 'accounts.rehash',
  async apply(tx, rows) {
    await tx.run(REPLACE_PASSWORD_HASH, rows)
    return rows.map(() => null)
  },
}
