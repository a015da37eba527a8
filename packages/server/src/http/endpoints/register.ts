import { REGISTER } from '@questline/contracts'
import { goneOf } from '../connection-state.ts'
import { endpoint } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const register = ({ accounts }: EndpointParts) =>
  endpoint(REGISTER, async ({ body, request }) => {
    const { userId, username } = await accounts.register(body, goneOf(request.raw))
    return { status: 201, body: { userId, username, balance: 0 } }
  })
