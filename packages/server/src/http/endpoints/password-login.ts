import { PASSWORD_LOGIN } from '@questline/contracts'
import { endpoint, ok } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const passwordLogin = ({ accounts }: EndpointParts) =>
  endpoint(PASSWORD_LOGIN, async ({ body }) => ok(await accounts.passwordLogin(body)))
