import pg from 'pg'
import { StoreFailure } from '../port.ts'

// https://www.postgresql.org/docs/current/errcodes-appendix.html: connection (08), authorisation
// (28), no such database (3D), resources (53), operator intervention (57), system (58), those that
// may be repeated (40), lock not available (55P03), time-outs, and a server that became a standby.
const UNAVAILABLE = /^(08|28|3D|53|57|58|40|55P03|25P03|25006)/

/** What the driver threw, as the port knows it. Only for errors of the driver: others are not its. */
export function failureOf(error: unknown): unknown {
  if (error instanceof StoreFailure) return error
  if (error instanceof pg.DatabaseError) {
    return new StoreFailure(UNAVAILABLE.test(codeOf(error)) ? 'unavailable' : 'bug', error)
  }
  return isOfConnection(error) ? new StoreFailure('unavailable', error) : error
}

export function fail(error: unknown): never {
  throw failureOf(error)
}

/** PostgreSQL asks the application to repeat these; nothing of the transaction remains. */
const REPEATABLE = new Set(['40001', '40P01'])

export const isRepeatable = (failure: unknown): boolean =>
  failure instanceof StoreFailure && REPEATABLE.has(codeOf(failure.cause))

/** A row for which no partition was made yet; nothing of the transaction remains. */
export const lacksPartition = (failure: unknown): boolean =>
  failure instanceof StoreFailure &&
  codeOf(failure.cause) === '23514' &&
  /no partition of relation/.test(failure.message)

/** Whether the server itself answered with this failure, so that the connection is still in step. */
export const isAnswer = (failure: unknown): boolean =>
  !(failure instanceof StoreFailure) || failure.cause instanceof pg.DatabaseError

/** The driver has no codes of its own: these are its words for a connection that is gone. */
const WORDS = /terminat|timeout|not queryable|closed|after calling end/i

/** A system's code such as ECONNREFUSED, but not Node's ERR_INVALID_ARG_TYPE and the like: those are ours. */
const SYSTEM_CODE = /^E(?!RR_INVALID)[A-Z_]+$/

const isOfConnection = (error: unknown): boolean =>
  error instanceof Error && (SYSTEM_CODE.test(codeOf(error)) || WORDS.test(error.message))

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : ''
  return typeof code === 'string' ? code : ''
}
