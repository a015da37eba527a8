import { playerIdOf } from '@questline/contracts'
import type { LogRecord } from '../log/log.ts'
import { enrich } from './enrich.ts'
import type { RejectedWithBytes } from './rejected.ts'
import { compileRules, isFields, type Refusal, RULES, type Rule } from './rules.ts'

/** A rejected event as the log would hold it, had it been sent right: under its id, with its times. */
export function fixedRecord(
  { envelope }: Pick<RejectedWithBytes, 'envelope'>,
  event: unknown,
  offset: number,
): LogRecord {
  const playerId = (isFields(event) ? playerIdOf(event) : null) ?? envelope.playerId
  return { ...envelope, offset, playerId, event }
}

/** Why it would be refused again; null when it would not. Says it before anything is logged. */
export function judgeReplay(
  rejected: Pick<RejectedWithBytes, 'envelope'>,
  event: unknown,
  rules: readonly Rule[],
): Refusal | null {
  const record = fixedRecord(rejected, event, rejected.envelope.offset)
  const verdict = enrich(record, () => null, compileRules([...RULES, ...rules]))
  return verdict.kind === 'rejected' ? { reason: verdict.reason, path: verdict.path } : null
}
