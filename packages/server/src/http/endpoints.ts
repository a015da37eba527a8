import type { Endpoint } from './endpoint.ts'
import { balance } from './endpoints/balance.ts'
import { earn } from './endpoints/earn.ts'
import { event } from './endpoints/event.ts'
import { events } from './endpoints/events.ts'
import { health } from './endpoints/health.ts'
import { ingest, ingestInstall, ingestPurchase } from './endpoints/ingest.ts'
import { kpiDays, kpiHours, kpiMinutes } from './endpoints/kpi.ts'
import { kpiStream } from './endpoints/kpi-stream.ts'
import { ledger } from './endpoints/ledger.ts'
import { live } from './endpoints/live.ts'
import { login } from './endpoints/login.ts'
import { logout } from './endpoints/logout.ts'
import { loss } from './endpoints/loss.ts'
import { passwordLogin } from './endpoints/password-login.ts'
import { postback } from './endpoints/postback.ts'
import { problem } from './endpoints/problem.ts'
import { quality } from './endpoints/quality.ts'
import { ready } from './endpoints/ready.ts'
import { refresh } from './endpoints/refresh.ts'
import { register } from './endpoints/register.ts'
import { report } from './endpoints/report.ts'
import { reportRuns } from './endpoints/report-runs.ts'
import { reports } from './endpoints/reports.ts'
import { runPipeline } from './endpoints/run-pipeline.ts'
import { spend } from './endpoints/spend.ts'
import { stats } from './endpoints/stats.ts'
import { track } from './endpoints/track.ts'
import { user } from './endpoints/user.ts'
import { userLedger } from './endpoints/user-ledger.ts'
import { userUpdate } from './endpoints/user-update.ts'
import { wallet } from './endpoints/wallet.ts'
import type { EndpointParts } from './parts.ts'

/** Every endpoint, in the order of the contract's ROUTES. */
export function createEndpoints(parts: EndpointParts): readonly Endpoint[] {
  const factories = [
    login,
    register,
    passwordLogin,
    refresh,
    logout,
    earn,
    spend,
    balance,
    wallet,
    ledger,
    user,
    userLedger,
    userUpdate,
    event,
    events,
    stats,
    ingest,
    ingestInstall,
    ingestPurchase,
    track,
    postback,
    kpiMinutes,
    kpiHours,
    kpiDays,
    kpiStream,
    quality,
    loss,
    runPipeline,
    reports,
    reportRuns,
    report,
    health,
    live,
    ready,
    problem,
  ]
  return factories.map((create) => create(parts))
}
