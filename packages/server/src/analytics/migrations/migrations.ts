import type { Migration } from '../../store/store.ts'
import { ANALYTICS } from './0001-analytics.ts'
import { REQUESTS } from './0002-requests.ts'
import { LEASES } from './0003-leases.ts'

/** Of the analytics, which count their migrations for themselves. */
export const MIGRATIONS: readonly Migration[] = [ANALYTICS, REQUESTS, LEASES]
