import { type FieldError, LIMITS, ProblemError } from '@questline/contracts'
import { type Random, randomText } from '../platform/platform.ts'
import type { SqlValue, Work, Writer } from '../store/store.ts'
import { REGISTERED_PREFIX } from './guests.ts'
import type { PasswordHashing } from './password-hashing.ts'
import { ADD_TO_PLAYER_COUNT, FIND_USERNAMES, INSERT_REGISTERED } from './statements.ts'

export type Credentials = { readonly username: string; readonly password: string }
export type Registered = { readonly userId: string; readonly username: string }

export type RegistrationParts = {
  readonly writer: Writer
  readonly random: Random
  readonly now: () => number
  readonly hashing: PasswordHashing
  readonly isCommon: (password: string) => Promise<boolean>
  readonly isTaken: (folded: string) => Promise<boolean>
}

/**
 * Makes a player with a username and a password.
 * @throws ProblemError `username-taken`, `password-too-common`, `invalid-request`, `overloaded`
 */
export function createRegistration(
  parts: RegistrationParts,
): (credentials: Credentials, gone?: AbortSignal) => Promise<Registered> {
  const { writer, random, hashing } = parts
  return async ({ username, password }, gone) => {
    const folded = foldUsername(username)
    if (folded.length > FOLDED_LENGTH_MAX)
      throw invalid('#/username', 'is too long when normalised')
    checkPasswordBytes(password)
    if (await parts.isCommon(password)) {
      const errors = [{ pointer: '#/password', detail: 'is among the commonest passwords' }]
      throw new ProblemError('password-too-common', { errors })
    }
    // Spares a hash for names that are long taken; the transaction decides.
    if (await parts.isTaken(folded)) throw new ProblemError('username-taken')
    const passwordHash = await hashing.hash(password, gone)
    const userId = REGISTERED_PREFIX + randomText(random, 16)
    const registration = { playerId: userId, username, folded, passwordHash, at: parts.now() }
    const made = await writer.submit(REGISTER, registration)
    if (!made) throw new ProblemError('username-taken')
    return { userId, username }
  }
}

/**
 * What two usernames have in common when people would take one for the other. Upper case in between
 * brings together what has more than one lower case: final sigma, sharp s, dotless i.
 */
export const foldUsername = (username: string): string =>
  username.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC')

/** NFKC makes up to 18 characters of one, and PostgreSQL indexes no value beyond 2,700 bytes. */
const FOLDED_LENGTH_MAX = 4 * LIMITS.usernameCharsMax

/** Beyond this a password only costs time. @throws ProblemError `invalid-request` */
export function checkPasswordBytes(password: string): void {
  if (Buffer.byteLength(password) <= LIMITS.passwordBytesMax) return
  throw invalid('#/password', `is longer than ${LIMITS.passwordBytesMax} bytes`)
}

const invalid = (pointer: FieldError['pointer'], detail: string): ProblemError =>
  new ProblemError('invalid-request', { errors: [{ pointer, detail }] })

type Registration = {
  readonly playerId: string
  readonly username: string
  readonly folded: string
  readonly passwordHash: string
  readonly at: number
}

/** Answers for each whether it was made; of two with one name the first is. */
const REGISTER: Work<Registration, boolean> = {
  name: 'accounts.register',
  async apply(tx, registrations) {
    const names = registrations.map(({ folded }) => [folded])
    const rows = await tx.run<{ folded: string }>(FIND_USERNAMES, names)
    const taken = new Set(rows.map(({ folded }) => folded))
    const made: SqlValue[][] = []
    const outcomes = registrations.map(({ playerId, username, folded, passwordHash, at }) => {
      if (taken.has(folded)) return false
      taken.add(folded)
      made.push([playerId, username, folded, passwordHash, at])
      return true
    })
    if (made.length > 0) {
      await tx.run(INSERT_REGISTERED, made)
      await tx.run(ADD_TO_PLAYER_COUNT, [[made.length]])
    }
    return outcomes
  },
}
