import { LOGIN } from '@questline/contracts'
import { endpoint, ok } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const login = ({ accounts }: EndpointParts) =>
  endpoint(LOGIN, async ({ body }) => ok(await accounts.guestLogin(body)))
