import { ProblemError } from '@questline/contracts'
import type { EventFilter } from '../log/log.ts'
import { parseClientTime } from './validation.ts'

type FilterQuery = {
  readonly event_type?: string
  readonly start_time?: string
  readonly end_time?: string
}

export function filterOf(query: FilterQuery): EventFilter {
  const from = query.start_time === undefined ? null : parseClientTime(query.start_time)
  const to = query.end_time === undefined ? null : parseClientTime(query.end_time)
  if (from !== null && to !== null && from > to) {
    throw new ProblemError('invalid-request', {
      errors: [{ pointer: '#/end_time', detail: 'is before start_time' }],
    })
  }
  return { eventType: query.event_type ?? null, from, to }
}
