import { LIVE } from '@questline/contracts'
import { endpoint, ok } from '../endpoint.ts'

export const live = () => endpoint(LIVE, async () => ok({ status: 'alive' }))
