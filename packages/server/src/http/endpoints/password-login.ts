import { PASSWORD_LOGIN } from '@questline/contracts'
import { goneOf } from '../connection-state.ts'
import { endpoint, ok } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const passwordLogin = ({ accounts }: EndpointParts) =>
  endpoint(PASSWORD_LOGIN, async ({ body, request }) =>
    ok(await accounts.passwordLogin(body, goneOf(request.raw))),
  )
