import { ProblemError, QUALITY } from '@questline/contracts'
import { toInstant } from '../../platform/platform.ts'
import { endpoint, ok } from '../endpoint.ts'
import { kpiQuery } from '../kpi-query.ts'
import type { EndpointParts } from '../parts.ts'

/** Of one app there are no more minutes in an answer than this; of all apps together there may be. */
const ROWS_MAX = 20_000

export const quality = ({ numbers, clock }: EndpointParts) =>
  endpoint(QUALITY, async ({ caller, query }) => {
    const { from, to, app } = kpiQuery('minute', caller, query, clock.now())
    const minutes = await numbers.arrivals({ from, to, app, rowsMax: ROWS_MAX })
    if (minutes === null) {
      const detail = `there are more than ${ROWS_MAX} minutes of apps: ask for one app, or for less`
      throw new ProblemError('invalid-request', { errors: [{ pointer: '#/from', detail }] })
    }
    return ok({
      ...{ from: toInstant(from), to: toInstant(to) },
      minutes: minutes.map(({ minute, ...of }) => ({ ...of, minute: toInstant(minute) })),
    })
  })
