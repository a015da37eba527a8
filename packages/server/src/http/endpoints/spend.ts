import { SPEND } from '@questline/contracts'
import { endpoint } from '../endpoint.ts'
import { move } from '../movements.ts'
import type { EndpointParts } from '../parts.ts'

export const spend = (parts: EndpointParts) => endpoint(SPEND, (call) => move(parts, 'spend', call))
