import type { EntryKind } from '../ledger/ledger.ts'
import { shared } from '../store/store.ts'

// Each of the first group looks at whole tables and returns only what is wrong, so a database of any
// size is checked in the memory that the database allows itself for sorting, and nothing of it is
// carried to us. Only the audit may do so; they run on a snapshot, never in the way of a request.

/** A systematic fault finds every row; the first of them say what it is. */
export const LISTED_MAX = 1_000
const FIRST = `LIMIT ${LISTED_MAX + 1}`

const kinds = ['earn', 'spend', 'adjust'] as const satisfies readonly EntryKind[]
const MOVEMENTS = `(${kinds.map((kind) => `'${kind}'`).join(', ')})`

export type SizeRow = {
  readonly players: number
  readonly accounts: number
  readonly entries: number
  readonly events: number
}
export const SIZE = shared(
  'audit.size',
  `SELECT (SELECT count(DISTINCT player_id) FROM balances) AS players,
    (SELECT count(*) FROM balances) AS accounts,
    (SELECT count(*) FROM ledger_entries) AS entries,
    (SELECT count(*) FROM event_log)
      + (SELECT coalesce(sum(last_offset - first_offset + 1), 0) FROM event_batches) AS events`,
)

/** `balance` and `version` are null where there is no balance, `total` where there is no entry. */
export type AccountRow = {
  readonly playerId: string
  readonly currency: string
  readonly balance: number | null
  readonly version: number | null
  readonly total: number | null
  readonly entries: number
}
/** Both sides in one pile: for a full join SQLite would compare each account with each (250 s for 80,000). */
export const ACCOUNTS = shared(
  'audit.accounts',
  `SELECT player_id AS "playerId", currency, max(balance) AS balance, max(version) AS version,
    sum(amount) AS total, sum(entry) AS entries
  FROM (SELECT player_id, currency, balance, version, NULL AS amount, 0 AS entry FROM balances
    UNION ALL SELECT player_id, currency, NULL, NULL, amount, 1 FROM ledger_entries) a
  GROUP BY player_id, currency
  HAVING max(balance) IS NULL OR sum(entry) = 0 OR max(balance) < 0
    OR max(balance) <> sum(amount) OR max(version) <> sum(entry)
  ORDER BY player_id, currency ${FIRST}`,
)

export type LinkRow = {
  readonly playerId: string
  readonly currency: string
  readonly entryId: number
  readonly amount: number
  readonly balanceAfter: number
  readonly version: number
  readonly balanceBefore: number
  readonly versionBefore: number
}
/** Each entry beside the one before it in its account. */
export const LINKS = shared(
  'audit.links',
  `SELECT * FROM (
    SELECT player_id AS "playerId", currency, entry_id AS "entryId", amount,
      balance_after AS "balanceAfter", version,
      lag(balance_after, 1, 0) OVER account AS "balanceBefore",
      lag(version, 1, 0) OVER account AS "versionBefore"
    FROM ledger_entries WINDOW account AS (PARTITION BY player_id, currency ORDER BY entry_id)) e
  WHERE version <> "versionBefore" + 1 OR "balanceAfter" <> "balanceBefore" + amount
    OR "balanceAfter" < 0
  ORDER BY "entryId" ${FIRST}`,
)

export type EntryRow = {
  readonly playerId: string
  readonly currency: string
  readonly entryId: number
  readonly kind: string
  readonly eventType: string | null
  readonly eventPlayerId: string | null
}
export const ENTRIES_WITHOUT_EVENT = shared(
  'audit.entries-without-event',
  `SELECT e.player_id AS "playerId", e.currency, e.entry_id AS "entryId", e.kind,
    l.event_type AS "eventType", l.player_id AS "eventPlayerId"
  FROM ledger_entries e LEFT JOIN event_log l ON l.log_offset = e.entry_id
  WHERE l.log_offset IS NULL OR l.event_type <> e.kind OR l.player_id IS DISTINCT FROM e.player_id
  ORDER BY e.entry_id ${FIRST}`,
)

export type EventRow = {
  readonly offset: number
  readonly eventType: string
  readonly playerId: string | null
}
export const MOVEMENTS_WITHOUT_ENTRY = shared(
  'audit.movements-without-entry',
  `SELECT l.log_offset AS "offset", l.event_type AS "eventType", l.player_id AS "playerId"
  FROM event_log l LEFT JOIN ledger_entries e ON e.entry_id = l.log_offset
  WHERE l.event_type IN ${MOVEMENTS} AND e.entry_id IS NULL
  ORDER BY l.log_offset ${FIRST}`,
)

export type GapRow = { readonly offset: number; readonly before: number }
/** Both tables together hold each offset once; a batch holds all from its first to its last. */
const OFFSETS = `(SELECT log_offset AS first, log_offset AS last FROM event_log
  UNION ALL SELECT first_offset, last_offset FROM event_batches) o`
export const GAPS = shared(
  'audit.gaps',
  `SELECT * FROM (SELECT first AS "offset", lag(last, 1, 0) OVER (ORDER BY first) AS before
    FROM ${OFFSETS}) l
  WHERE "offset" <> before + 1 ORDER BY "offset" ${FIRST}`,
)
export const HEAD = shared(
  'audit.head',
  `SELECT log_offset AS head, (SELECT coalesce(max(last), 0) FROM ${OFFSETS}) AS newest
  FROM log_head`,
)

export type KeyRow = {
  readonly scope: string
  readonly playerId: string | null
  readonly outcomes: number
}
export const REPEATED_KEYS = shared(
  'audit.repeated-keys',
  `SELECT key_scope AS scope, min(player_id) AS "playerId", count(*) AS outcomes
  FROM (SELECT key_scope, player_id FROM ledger_entries WHERE key_scope IS NOT NULL
    UNION ALL SELECT key_scope, player_id FROM event_log WHERE key_scope IS NOT NULL
    UNION ALL SELECT key_scope, NULL FROM idempotency_keys) k
  GROUP BY key_scope HAVING count(*) > 1 ORDER BY key_scope ${FIRST}`,
)

export type CountRow = {
  readonly app: string
  readonly eventType: string
  readonly hour: number
  readonly kept: number
  readonly counted: number
}
/** Rounds down before 1970 too: division of integers rounds towards zero, so all are made positive. */
const HOUR = '(occurred_at + 10800000000000000) / 3600000 * 3600000 - 10800000000000000'
export const COUNTS = shared(
  'audit.counts',
  `SELECT app, event_type AS "eventType", hour, sum(kept) AS kept, sum(counted) AS counted
  FROM (SELECT app, event_type, hour, events AS kept, 0 AS counted FROM event_counts
    UNION ALL SELECT app, event_type, ${HOUR}, 0, 1 FROM event_log) c
  GROUP BY app, event_type, hour HAVING sum(kept) <> sum(counted)
  ORDER BY app, hour, event_type ${FIRST}`,
)

// The second group reads a few rows at a time, beside the requests of a running server.

/** 1 ms of a SQLite server's main thread. The number stands in the text, so that PostgreSQL plans for it. */
export const PAGE_ROWS = 500

export type StandingAccount = {
  readonly playerId: string
  readonly currency: string
  readonly balance: number
  readonly version: number
}
export const NEXT_ACCOUNTS = shared(
  'audit.next-accounts',
  `SELECT player_id AS "playerId", currency, balance, version FROM balances
  WHERE (player_id, currency) > ($1, $2) ORDER BY player_id, currency LIMIT 50`,
)

export type StandingEntry = {
  readonly occurredAt: number
  readonly entryId: number
  readonly currency: string | null
  readonly amount: number | null
  readonly version: number | null
}
/** A player's movements, along the same index as its ledger page; null where the entry is missing. */
export const NEXT_ENTRIES = shared(
  'audit.next-entries',
  `SELECT e.occurred_at AS "occurredAt", e.log_offset AS "entryId", l.currency, l.amount, l.version
  FROM player_events e LEFT JOIN ledger_entries l ON l.entry_id = e.log_offset AND l.player_id = $1
  WHERE e.player_id = $1 AND (e.occurred_at, e.log_offset) > ($2, $3) AND e.event_type IN ${MOVEMENTS}
  ORDER BY e.occurred_at, e.log_offset LIMIT ${PAGE_ROWS}`,
)

export type StandingLink = {
  readonly entryId: number
  readonly playerId: string
  readonly currency: string
  readonly lost: number
}
/** The ledger in its own order, and whether each entry has an account. */
export const NEXT_LINKS = shared(
  'audit.next-links',
  `SELECT e.entry_id AS "entryId", e.player_id AS "playerId", e.currency,
    CASE WHEN b.player_id IS NULL THEN 1 ELSE 0 END AS lost
  FROM ledger_entries e
  LEFT JOIN balances b ON b.player_id = e.player_id AND b.currency = e.currency
  WHERE e.entry_id > $1 ORDER BY e.entry_id LIMIT ${PAGE_ROWS}`,
)
