import { isUtf8 } from 'node:buffer'
import { fromRawGameEvent, isRawGameEvent, type VerdictCode } from '@questline/contracts'
import type { NewGameEvent, RefusedEvent } from '../log/log.ts'
import { clampClock } from './clock.ts'
import { createFamilyChecks, type Fields } from './family-checks.ts'
import { createInstants } from './instants.ts'
import { type Door, isFields, judge } from './judge.ts'
import { maySeemFaulty } from './text-fault.ts'
import { uuidOfNames } from './uuid.ts'

/** An empty line has neither. */
export type JudgedLine =
  | { readonly event: NewGameEvent }
  | { readonly refused: RefusedEvent }
  | Record<never, never>

const BYTE_ORDER_MARK = '\ufeff'

/** What a file says of all its events. */
export type FileSays = {
  readonly app: string
  readonly source: string
  /** ISO 4217, of the amounts that name none; null for US dollars. */
  readonly currency: string | null
}

/**
 * Judges a line of a file. An event may have our envelope or the raw form of other collectors; one
 * without an id gets the one that app, source and line stand for, the same in each import. The
 * currency of the file is written into the events that need it, so that the log says what it is.
 */
export function createLineJudge({ app, source, currency }: FileSays) {
  const instants = createInstants()
  const shared = { app, only: null, instants, checks: createFamilyChecks(instants, 'raw') }

  return (bytes: Buffer, line: number, receivedAt: number): JudgedLine => {
    const refuse = (
      reason: VerdictCode,
      path: string | null,
      ids: Pick<RefusedEvent, 'eventId' | 'eventType'> = { eventId: null, eventType: null },
    ) => ({ refused: { ...ids, reason, path, raw: bytes, line } })

    if (!isUtf8(bytes)) return refuse('invalid-event', null)
    const text = bytes.toString('utf8').replace(BYTE_ORDER_MARK, '').trim()
    if (text === '') return {}
    const json = parsed(text)
    if (!isFields(json)) return refuse('invalid-event', null)
    const read = isRawGameEvent(json)
      ? fromRawGameEvent(json)
      : { kind: 'event' as const, event: json }
    if (read.kind === 'rejected') return refuse(read.code, read.path)

    const door: Door = {
      ...shared,
      correct: (occurredAt) => clampClock(occurredAt, receivedAt),
      isSuspicious: maySeemFaulty(text),
    }
    const hasId = read.event['event_id'] !== undefined && read.event['event_id'] !== null
    const event = hasId ? read.event : { ...read.event, event_id: uuidOfNames(app, source, line) }
    const judged = judge(door, { ...inCurrency(event, text, currency), line })
    if (judged.kind === 'passed') return { event: judged.event }
    const { sentId: eventId, eventType, code, path } = judged
    return refuse(code, path, { eventId, eventType })
  }
}

function inCurrency(json: Fields, text: string, currency: string | null) {
  const isNeeded = json['event_type'] === 'in-app-purchase' && json['currency'] === undefined
  if (currency === null || !isNeeded) return { json, text }
  return { json: { ...json, currency }, text: `${text.slice(0, -1)},"currency":"${currency}"}` }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
