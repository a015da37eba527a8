import { LOSS } from '@questline/contracts'
import { endpoint, ok } from '../endpoint.ts'
import { appSeen } from '../kpi-query.ts'
import type { EndpointParts } from '../parts.ts'

export const loss = ({ numbers }: EndpointParts) =>
  endpoint(LOSS, async ({ caller, query }) => {
    const rows = await numbers.loss(appSeen(caller, query.app))
    return ok(
      rows.map(({ app, sdk, version, received, lost }) => {
        const sent = received + lost
        return {
          app,
          sdk: sdk === '' ? null : sdk,
          version: version === '' ? null : version,
          ...{ sent, received, lost, loss_ratio: sent === 0 ? 0 : lost / sent },
        }
      }),
    )
  })
