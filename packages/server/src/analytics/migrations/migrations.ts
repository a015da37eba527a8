import type { Migration } from '../../store/store.ts'
import { ANALYTICS } from './0001-analytics.ts'
import { REQUESTS } from './0002-requests.ts'
import { LEASES } from './0003-leases.ts'
import { STREAMS } from './0004-streams.ts'
import { DAILY_USERS } from './0005-daily-users.ts'
import { USER_SETS } from './0006-user-sets.ts'
import { CHANGES_OF_FLINK } from './0007-changes-of-flink.ts'
import { REFUSED_STREAMS } from './0008-refused-streams.ts'
import { RELAYED_TYPES } from './0009-relayed-types.ts'

/** Of the analytics, which count their migrations for themselves. */
export const MIGRATIONS: readonly Migration[] = [
  ...[ANALYTICS, REQUESTS, LEASES, STREAMS, DAILY_USERS, USER_SETS, CHANGES_OF_FLINK],
  ...[REFUSED_STREAMS, RELAYED_TYPES],
]
