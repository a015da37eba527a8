import { PROBLEMS, type ProblemCode, problemDocument } from '@questline/contracts'
import type { Clock } from '../platform/platform.ts'
import { batched, insertStatement, type Store, shared, type Tx } from '../store/store.ts'
import type { Intent } from './intent.ts'

/** A business rule said no. Under a key it is answered again, with the same bytes, for a day. */
export type Refusal = { readonly status: number; readonly body: string }

const FIND = batched('idempotency.find-refusals', {
  sqlite:
    'SELECT key_scope AS scope, fingerprint, status, body FROM idempotency_keys WHERE key_scope = $1',
  postgres:
    'SELECT key_scope AS scope, fingerprint, status, body FROM idempotency_keys WHERE key_scope = ANY($1::text[])',
})
const INSERT = insertStatement('idempotency.remember-refusals', 'idempotency_keys', {
  key_scope: 'text',
  fingerprint: 'text',
  status: 'bigint',
  body: 'text',
  created_at: 'bigint',
})
const SWEEP_ROWS = 1_000
const SWEEP = shared(
  'idempotency.sweep',
  `DELETE FROM idempotency_keys WHERE key_scope IN
    (SELECT key_scope FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT ${SWEEP_ROWS})
  RETURNING created_at`,
)

type Remembered = Refusal & { readonly fingerprint: string }

/** The refusals that `intents` met before, by scope. */
export async function findRefusals(
  tx: Tx,
  intents: readonly Intent[],
): Promise<Map<string, Remembered>> {
  const rows = await tx.run<Remembered & { scope: string }>(
    FIND,
    intents.map((intent) => [intent.scope]),
  )
  return new Map(rows.map((row) => [row.scope, row]))
}

export async function rememberRefusals(
  tx: Tx,
  refused: readonly { readonly intent: Intent; readonly refusal: Refusal; readonly at: number }[],
): Promise<void> {
  await tx.run(
    INSERT,
    refused.map(({ intent, refusal, at }) => [
      intent.scope,
      intent.fingerprint,
      refusal.status,
      refusal.body,
      at,
    ]),
  )
}

/** The refusal as it is answered now and, byte for byte, at each repeat. */
export function refusalFor(code: ProblemCode, detail: string, requestId: string): Refusal {
  return {
    status: PROBLEMS[code].status,
    body: JSON.stringify(problemDocument(code, { requestId, detail })),
  }
}

/**
 * How far the wall clock may jump between the stamp of a refusal and a sweep, besides what the
 * monotonic clock sees: from an hour behind to an hour ahead. Refusals are kept so much longer.
 */
const CLOCK_JUMP_MS = 2 * 3_600_000

/**
 * Forgets refusals older than `answersKeptMs`. The age is taken from the wall clock, but only as
 * much of it passes as the monotonic clock has seen: a clock that is set forward expires no key early.
 */
export function createRefusalSweep(
  parts: { readonly store: Store; readonly clock: Clock },
  settings: { readonly answersKeptMs: number },
): () => Promise<void> {
  const { store, clock } = parts
  const startedWall = clock.now()
  const startedMonotonic = clock.monotonic()
  return async () => {
    const seen = startedWall + (clock.monotonic() - startedMonotonic)
    const now = Math.min(seen, clock.now())
    const before = Math.floor(now - settings.answersKeptMs - CLOCK_JUMP_MS)
    // In steps, so that no write waits for the whole.
    let swept: unknown[]
    do {
      swept = await store.transaction((tx) => tx.run<unknown>(SWEEP, [[before]]))
    } while (swept.length === SWEEP_ROWS)
  }
}
