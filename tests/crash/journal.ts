// What a client can know. The intent is written down before its request leaves, the outcome when an
// answer has come: done, refused, or still open, after which only a repeat can tell.
import type { Answer, Client, Request } from './client.ts'

/** `open`: unknown; it was done once, or never. */
export type Verdict = 'done' | 'refused' | 'open'

/** Where a write must show, under its id. `session`: nowhere, its effects are asked for over HTTP. */
export type EffectKind =
  | 'entry'
  | 'event'
  | 'deeplink'
  | 'postback'
  | 'guest'
  | 'member'
  | 'batch'
  | 'session'

export type Intent = {
  /** Stands in the row that it makes. */
  readonly id: string
  readonly effect: EffectKind
  readonly request: Request
  /** Whether it may be sent again: under its key, or because the server knows its bytes. */
  readonly repeatable: boolean
  /** What an answer means where its status does not say it; `sent` counts this answer's attempt too. */
  readonly judge?: (answer: Answer, sent: number) => Verdict
}

export type Entry = Intent & {
  /** How often its request left. */
  sent: number
  verdict: Verdict
  /** The first that settled it. */
  answer: Answer | null
}

export type Journal = {
  intend(intent: Intent): Entry
  /** Sends the request of `entry` once; resolves with what this attempt told. */
  attempt(client: Client, entry: Entry): Promise<Verdict>
  /** A request that changes nothing; null when no answer came. */
  look(client: Client, request: Request): Promise<Answer | null>
  /** Writes down that a promise was broken. */
  violation(text: string): void
  readonly violations: readonly string[]
  readonly entries: readonly Entry[]
  /** How many answers had which status. */
  readonly statuses: ReadonlyMap<number, number>
}

export function createJournal(): Journal {
  const entries: Entry[] = []
  const violations = new Set<string>()
  const statuses = new Map<number, number>()
  const violation = (text: string) => void violations.add(text)

  const send = async (client: Client, request: Request): Promise<Answer | null> => {
    const outcome = await client.send(request)
    if (outcome.kind === 'no-answer') return null
    statuses.set(outcome.status, (statuses.get(outcome.status) ?? 0) + 1)
    const fault = faultOf(outcome)
    if (fault) violation(`${request.method} ${request.path}: ${fault}: ${outcome.body}`)
    return outcome
  }

  return {
    intend(intent) {
      const entry: Entry = { ...intent, sent: 0, verdict: 'open', answer: null }
      entries.push(entry)
      return entry
    },
    async attempt(client, entry) {
      entry.sent += 1
      const { sent } = entry
      const answer = await send(client, entry.request)
      if (answer === null) return 'open'
      const verdict = entry.judge?.(answer, sent) ?? verdictOf(answer)
      if (verdict === 'open') return verdict
      if (entry.answer === null) {
        entry.answer = answer
        entry.verdict = verdict
      } else {
        const fault = replayFault(entry, entry.answer, answer)
        if (fault) violation(`${entry.id}: ${fault}`)
      }
      return verdict
    },
    look: send,
    violation,
    get violations() {
      return [...violations]
    },
    entries,
    statuses,
  }
}

/** 409 means two things: this key is under way, which tells nothing yet, or a rule said no. */
export function verdictOf({ status, body }: Answer): Verdict {
  if (status < 300) return 'done'
  if (status >= 500 || body.includes('"idempotency-key-in-use"')) return 'open'
  return 'refused'
}

/** Words that belong into no answer: of the databases, and of a stack. */
const INSIDES =
  /SQLITE_|SELECT |INSERT |UPDATE |event_log|event_ids|ledger_entries|\n\s+at |\.ts:\d/
const MAY_FAIL = new Set([503, 504])

function faultOf({ status, body, retryAfter }: Answer): string | null {
  if (status >= 500 && !MAY_FAIL.has(status)) return `a ${status}`
  if (status >= 500 && retryAfter === null && !body.includes('"not-ready"')) {
    return `a ${status} without Retry-After`
  }
  return INSIDES.test(body) ? 'an answer shows the insides' : null
}

/** A repeat gets the first answer byte for byte; one of a postback gets the first ids. */
function replayFault(entry: Entry, first: Answer, again: Answer): string | null {
  if (entry.effect === 'postback') {
    const expected = first.body.replace(/(,"duplicate":true)?\}$/, ',"duplicate":true}')
    return again.body === expected ? null : `answered ${first.body}, then ${again.body}`
  }
  if (entry.request.headers['idempotency-key'] === undefined) return null
  const same =
    first.status === again.status &&
    first.body === again.body &&
    first.contentType === again.contentType
  if (!same) {
    return `answered ${first.status} ${first.body}, then ${again.status} ${again.body}`
  }
  return again.replayed ? null : 'its repeat was not marked as one'
}
