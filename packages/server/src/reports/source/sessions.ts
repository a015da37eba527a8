import type { LoggedEvent } from './report-log.ts'
import { timeCell } from './time-cell.ts'

export const SESSION_COLUMNS = ['log_offset', 'event_timestamp_utc', 'user_id'] as const

export const sessionRow = ({ offset, occurredAt, playerId }: LoggedEvent): readonly string[] => [
  ...[String(offset), timeCell(occurredAt), playerId ?? ''],
]
