import { POSTBACK } from '@questline/contracts'
import { headerValues } from '../access.ts'
import { endpoint, ok } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const postback = ({ attribution, clock }: EndpointParts) =>
  endpoint(POSTBACK, async ({ body, request }) =>
    ok(
      await attribution.receive({
        rawBody: request.rawBody ?? Buffer.alloc(0),
        payload: body,
        header: (name) => headerValues(request, name),
        address: request.ip,
        receivedAt: clock.now(),
      }),
    ),
  )
