import { EARN } from '@questline/contracts'
import { endpoint } from '../endpoint.ts'
import { move } from '../movements.ts'
import type { EndpointParts } from '../parts.ts'

export const earn = (parts: EndpointParts) => endpoint(EARN, (call) => move(parts, 'earn', call))
