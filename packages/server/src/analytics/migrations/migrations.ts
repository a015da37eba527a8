import type { Migration } from '../../store/store.ts'
import { ANALYTICS } from './0001-analytics.ts'
import { REQUESTS } from './0002-requests.ts'

/** Of the analytics file, which counts its migrations for itself. */
export const MIGRATIONS: readonly Migration[] = [ANALYTICS, REQUESTS]
