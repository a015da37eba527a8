import type { LogEvent } from '@questline/contracts'
import type { Intent } from '../idempotency/idempotency.ts'
import { batched, type Tx, type Work } from '../store/store.ts'
import { append } from './append.ts'

/** An event that a client sends one by one, perhaps under a key. `playerId` must exist. */
export type NewEvent = LogEvent & {
  readonly intent: Intent | null
  readonly mustExist: boolean
}

export type Recorded =
  | { readonly kind: 'recorded'; readonly offset: number; readonly replayed: boolean }
  | { readonly kind: 'key-reused' }
  | { readonly kind: 'unknown-player' }

const FIND = batched('log.find-keys', {
  sqlite:
    'SELECT key_scope AS scope, fingerprint, log_offset AS "offset" FROM event_log WHERE key_scope = $1',
  postgres:
    'SELECT key_scope AS scope, fingerprint, log_offset AS "offset" FROM event_log WHERE key_scope = ANY($1::text[])',
})
const PLAYERS = batched('log.find-players', {
  sqlite: 'SELECT player_id AS "playerId" FROM players WHERE player_id = $1',
  postgres: 'SELECT player_id AS "playerId" FROM players WHERE player_id = ANY($1::text[])',
})

type Prior = {
  readonly scope: string
  readonly fingerprint: string
  readonly offset: number
}

/** Appends each event once per key. A key that comes again gets the first offset, or `key-reused`. */
export const RECORD: Work<NewEvent, Recorded> = {
  name: 'log.record',
  async apply(tx, events) {
    const priors = await findPriors(tx, events)
    const unknown = await findUnknownPlayers(tx, events)
    const fresh: NewEvent[] = []
    const verdicts = events.map((event): Recorded | number => {
      const prior = event.intent && priors.get(event.intent.scope)
      if (prior && event.intent) return repeated(prior, event.intent)
      if (event.playerId !== null && unknown.has(event.playerId)) return { kind: 'unknown-player' }
      return fresh.push(event) - 1
    })
    const first = fresh.length > 0 ? await append(tx, fresh) : 0
    return verdicts.map((verdict) =>
      typeof verdict === 'number'
        ? { kind: 'recorded', offset: first + verdict, replayed: false }
        : verdict,
    )
  },
}

function repeated(prior: Prior, intent: Intent): Recorded {
  if (prior.fingerprint !== intent.fingerprint) return { kind: 'key-reused' }
  return { kind: 'recorded', offset: prior.offset, replayed: true }
}

async function findPriors(tx: Tx, events: readonly NewEvent[]): Promise<Map<string, Prior>> {
  const scopes = events.flatMap((event) => (event.intent ? [[event.intent.scope]] : []))
  if (scopes.length === 0) return new Map()
  const rows = await tx.run<Prior>(FIND, scopes)
  return new Map(rows.map((row) => [row.scope, row]))
}

async function findUnknownPlayers(tx: Tx, events: readonly NewEvent[]): Promise<Set<string>> {
  const asked = new Set(events.flatMap((e) => (e.mustExist && e.playerId ? [e.playerId] : [])))
  if (asked.size === 0) return asked
  const rows = await tx.run<{ playerId: string }>(
    PLAYERS,
    [...asked].map((id) => [id]),
  )
  for (const { playerId } of rows) asked.delete(playerId)
  return asked
}
