import { REFRESH } from '@questline/contracts'
import { endpoint, ok } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const refresh = ({ accounts }: EndpointParts) =>
  endpoint(REFRESH, async ({ body }) => ok(await accounts.refresh(body)))
