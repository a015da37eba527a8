import { KPI_DAYS, KPI_HOURS, KPI_MINUTES } from '@questline/contracts'
import { toInstant } from '../../platform/platform.ts'
import { type Answer, endpoint, ok } from '../endpoint.ts'
import { kpiQuery } from '../kpi-query.ts'
import type { EndpointParts } from '../parts.ts'

export const kpiMinutes = ({ numbers, clock }: EndpointParts) =>
  endpoint(KPI_MINUTES, async ({ caller, query }) => {
    const asked = kpiQuery('minute', caller, query, clock.now())
    const windows = await numbers.windows(asked)
    const minutes = windows.map(({ start, ...of }) => ({ minute: toInstant(start), ...of }))
    return answer(asked, { minutes })
  })

export const kpiHours = ({ numbers, clock }: EndpointParts) =>
  endpoint(KPI_HOURS, async ({ caller, query }) => {
    const asked = kpiQuery('hour', caller, query, clock.now())
    const windows = await numbers.windows(asked)
    const hours = windows.map(({ start, ...of }) => ({ hour: toInstant(start), ...of }))
    return answer(asked, { hours })
  })

export const kpiDays = ({ numbers, clock }: EndpointParts) =>
  endpoint(KPI_DAYS, async ({ caller, query }) => {
    const asked = kpiQuery('day', caller, query, clock.now())
    const windows = await numbers.windows(asked)
    const days = windows.map(({ start, ...of }) => ({ day: toInstant(start).slice(0, 10), ...of }))
    return answer(asked, { days })
  })

const answer = (asked: { readonly from: number; readonly to: number }, windows: object): Answer =>
  ok({ from: toInstant(asked.from), to: toInstant(asked.to), ...windows })
