import type { Reader } from './reader.ts'

/**
 * What a process is for.
 * - `api`: answers requests; without consumers and schedules
 * - `quality`: the consumers of the log that count: quality, loss and windows
 * - `lake`: writes the lake and forwards events
 * - `reports`: makes reports by their schedule
 * - `relay`: brings the log to Kafka
 */
export const ROLES = ['api', 'relay', 'quality', 'lake', 'reports'] as const
export type Role = (typeof ROLES)[number]

/** What one process does that does everything there is to do. */
const allRoles = (hasKafka: boolean): readonly Role[] =>
  ROLES.filter((role) => hasKafka || role !== 'relay')
const ALL = 'all'

export type RolesParts = {
  readonly database: 'sqlite' | 'postgres'
  /** Whether what is computed from the log lies where other processes see it. */
  readonly sharesAnalytics: boolean
  readonly hasKafka: boolean
}

/** `ROLE`: one, or several by commas. Without it a process does everything. */
export function readRoles(
  read: Reader,
  { database, sharesAnalytics, hasKafka }: RolesParts,
): readonly Role[] {
  const names = read.list('ROLE').map((name) => name.toLowerCase())
  const unknown = names.filter((name) => name !== ALL && !isRole(name))
  for (const name of unknown) {
    read.fault('ROLE', `"${name}" is not one of ${[ALL, ...ROLES].join(', ')}`)
  }
  if (names.length === 0 || names.includes(ALL)) return allRoles(hasKafka)
  if (unknown.length > 0) return allRoles(hasKafka)
  if (database === 'sqlite') {
    read.fault(
      'ROLE',
      'has to be all with SQLite, whose file belongs to one process: roles need PostgreSQL (DATABASE_URL, ANALYTICS_URL)',
    )
  } else if (!sharesAnalytics) {
    read.fault(
      'ANALYTICS_URL',
      `is needed for ROLE=${names.join(',')}: no other process sees the numbers in a file of this one`,
    )
  }
  if (names.includes('relay') && !hasKafka) {
    read.fault('ROLE', 'relay brings the log to Kafka, and no Kafka is set (KAFKA_BROKERS)')
  }
  return ROLES.filter((role) => names.includes(role))
}

const isRole = (name: string): boolean => ROLES.some((role) => role === name)

/** For people and logs: `all`, or the roles by commas. */
export const describeRoles = (roles: readonly Role[]): string =>
  allRoles(false).every((role) => roles.includes(role)) ? ALL : roles.join(',')
