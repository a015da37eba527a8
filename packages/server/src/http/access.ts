import { type Access, ProblemError } from '@questline/contracts'
import type { FastifyRequest } from 'fastify'
import type { Accounts } from '../accounts/accounts.ts'
import { stateOf } from './connection-state.ts'
import type { Caller } from './endpoint.ts'

const NOBODY: Caller = { kind: 'nobody' }

/** How often a header came. Node itself keeps the first `Authorization` and drops the others in silence. */
export function countHeader(request: FastifyRequest, name: string): number {
  const { rawHeaders } = request.raw
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) if (isNamed(rawHeaders[i], name)) count += 1
  return count
}

/** Every value of a header, which may have come more than once. */
export function headerValues(request: FastifyRequest, name: string): string[] {
  const { rawHeaders } = request.raw
  const values: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (isNamed(rawHeaders[i], name)) values.push(rawHeaders[i + 1] ?? '')
  }
  return values
}

const isNamed = (header: string | undefined, name: string): boolean =>
  header?.length === name.length && header.toLowerCase() === name

/**
 * Whether the request seems to bear an API key. Only a hint, for the order of the limits: who bears
 * what is decided by `identify`.
 */
export function seemsToBearKey(accounts: Accounts, request: FastifyRequest): boolean {
  const { authorization } = request.headers
  if (authorization === undefined) return false
  const { proven } = stateOf(request.raw.socket)
  if (proven?.header === authorization) return proven.key !== null
  return accounts.looksLikeKey(authorization.slice('Bearer '.length))
}

const BEARER = /^Bearer ([^\s]+)$/i

/** The caller that the `Authorization` header proves; `nobody` without one. */
export function identify(accounts: Accounts, request: FastifyRequest): Caller | Promise<Caller> {
  const { authorization } = request.headers
  if (authorization === undefined) return NOBODY
  if (countHeader(request, 'authorization') > 1) throw new ProblemError('invalid-token')
  const connection = stateOf(request.raw.socket)
  const { proven } = connection
  if (proven?.header === authorization) {
    return proven.key ?? accounts.recall(proven.token) ?? accounts.verify(proven.token)
  }
  const bearer = BEARER.exec(authorization)?.[1]
  if (bearer === undefined) throw new ProblemError('invalid-token')
  const key = accounts.keyOfSettings(bearer)
  if (key === null && accounts.looksLikeKey(bearer)) return accounts.verifyKey(bearer)
  const caller = key ?? accounts.recall(bearer)
  if (caller === null) return accounts.verify(bearer)
  connection.proven = { header: authorization, token: bearer, key }
  return caller
}

type Fits = (caller: Caller) => boolean
const player: Fits = ({ kind }) => kind === 'player'
const server: Fits = (caller) => caller.kind === 'key' && caller.scope === 'server'
const ingest: Fits = (caller) => caller.kind === 'key' && caller.scope === 'ingest'
const operator: Fits = (caller) => caller.kind === 'key' && caller.scope === 'operator'
export const isOperatorOfAll: Fits = (caller) =>
  caller.kind === 'key' && caller.scope === 'operator' && caller.app === null

const ALLOWED: Readonly<Record<Access, readonly Fits[] | 'all'>> = {
  anyone: 'all',
  verifier: 'all',
  // Which keys see what depends on the door, so the endpoint decides; below too.
  optional: 'all',
  player: [player],
  'player-or-server': [player, server],
  'player-or-operator': [player, operator],
  ingest: [ingest],
  operator: [operator],
  'operator-of-all': [isOperatorOfAll],
  'operator-or-door': 'all',
}

/** @throws ProblemError `unauthenticated` without credentials, `forbidden` with the wrong kind of them */
export function authorize(access: Access, caller: Caller): void {
  const allowed = ALLOWED[access]
  if (allowed === 'all' || allowed.some((fits) => fits(caller))) return
  throw new ProblemError(caller.kind === 'nobody' ? 'unauthenticated' : 'forbidden')
}

/**
 * For a door that is closed to everybody but operators.
 * @throws ProblemError `unauthenticated` without credentials, `door-closed` with the wrong kind of them
 */
export async function checkOperator(accounts: Accounts, request: FastifyRequest): Promise<void> {
  const caller = await identify(accounts, request)
  if (caller.kind === 'nobody') throw new ProblemError('unauthenticated')
  if (caller.kind !== 'key' || caller.scope !== 'operator') throw new ProblemError('door-closed')
}

/**
 * The name under which a caller's idempotency keys live: the player, or the app and scope of a
 * key, so that rotating a server key does not turn its retries into new intents.
 */
export function callerName(caller: Caller): string {
  switch (caller.kind) {
    case 'player':
      return `player:${caller.playerId}`
    case 'key':
      return `${caller.scope}:${caller.app ?? '*'}`
    case 'nobody':
      return 'nobody'
  }
}
