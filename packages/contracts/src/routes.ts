import type { Route } from './route.ts'
import { LOGIN, LOGOUT, PASSWORD_LOGIN, REFRESH, REGISTER } from './routes/accounts.ts'
import { POSTBACK, TRACK } from './routes/attribution.ts'
import {
  BALANCE,
  EARN,
  LEDGER,
  SPEND,
  USER,
  USER_LEDGER,
  USER_UPDATE,
  WALLET,
} from './routes/currency.ts'
import { EVENT, EVENTS, STATS } from './routes/events.ts'
import { INGEST_ROUTES } from './routes/ingest.ts'
import { KPI_ROUTES } from './routes/kpi.ts'
import { HEALTH, LIVE, PROBLEM_PAGE, READY } from './routes/operations.ts'
import { REPORT, REPORT_RUNS, REPORTS, RUN_PIPELINE } from './routes/reports.ts'

/** Every route of the API, in reading order. `/metrics` and the documentation pages are not JSON and stay outside. */
export const ROUTES: readonly Route[] = [
  LOGIN,
  REGISTER,
  PASSWORD_LOGIN,
  REFRESH,
  LOGOUT,
  EARN,
  SPEND,
  BALANCE,
  WALLET,
  LEDGER,
  USER,
  USER_LEDGER,
  USER_UPDATE,
  EVENT,
  EVENTS,
  STATS,
  ...INGEST_ROUTES,
  TRACK,
  POSTBACK,
  ...KPI_ROUTES,
  RUN_PIPELINE,
  REPORTS,
  REPORT_RUNS,
  REPORT,
  HEALTH,
  LIVE,
  READY,
  PROBLEM_PAGE,
]
