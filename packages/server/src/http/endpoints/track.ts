import { TRACK } from '@questline/contracts'
import { endpoint, ok } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const track = ({ attribution, clock, settings }: EndpointParts) =>
  endpoint(TRACK, async ({ query }) => {
    const logged = { character: query.character ?? null, campaign: query.campaign ?? null }
    await attribution.deeplink({
      ...logged,
      playerId: null,
      app: settings.defaultApp,
      at: clock.now(),
    })
    return ok({ ok: true, logged })
  })
