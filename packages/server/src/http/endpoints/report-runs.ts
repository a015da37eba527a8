import { REPORT_RUNS } from '@questline/contracts'
import { endpoint, ok } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const reportRuns = ({ reports }: EndpointParts) =>
  // What else a record says is left out by the route's schema.
  endpoint(REPORT_RUNS, async () => ok({ runs: await reports.list() }))
