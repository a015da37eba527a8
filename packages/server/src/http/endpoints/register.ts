import { REGISTER } from '@questline/contracts'
import { endpoint } from '../endpoint.ts'
import type { EndpointParts } from '../parts.ts'

export const register = ({ accounts }: EndpointParts) =>
  endpoint(REGISTER, async ({ body }) => {
    const { userId, username } = await accounts.register(body)
    return { status: 201, body: { userId, username, balance: 0 } }
  })
