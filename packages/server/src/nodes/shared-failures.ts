import { createHash } from 'node:crypto'
import { batched, type Store, shared, type Work, type Writer } from '../store/store.ts'

/** What the nodes know together of one account or address. Times are milliseconds since the epoch. */
export type Failures = {
  readonly count: number
  /** Until when whoever it is waits, or when all is forgiven: as its owner reads it. */
  readonly untilAt: number
  readonly lastAt: number
}

export type SharedFailures = {
  /** Null: none. Asks the database, so that it is right whichever node wrote last. */
  find(key: string): Promise<Failures | null>
  /**
   * Puts what `change` makes of the failures so far in their place; null forgets them. In one commit
   * with other writes, after all changes before it, so none is lost. `change` may run more than once.
   */
  change(key: string, change: (before: Failures | null) => Failures | null): Promise<void>
  /** Forgets what has not failed since `before`, some at a time. */
  sweep(before: number): Promise<void>
}

const COLUMNS =
  'failure_key AS "key", failures AS "count", until_at AS "untilAt", last_at AS "lastAt"'
const FIND = shared(
  'nodes.find-failure',
  `SELECT ${COLUMNS} FROM login_failures WHERE failure_key = $1`,
)
const FIND_ALL = batched('nodes.find-failures', {
  sqlite: `SELECT ${COLUMNS} FROM login_failures WHERE failure_key = $1`,
  postgres: `SELECT ${COLUMNS} FROM login_failures WHERE failure_key = ANY($1::bytea[])`,
})
const UPSERT = `ON CONFLICT (failure_key) DO UPDATE SET failures = excluded.failures,
  until_at = excluded.until_at, last_at = excluded.last_at`
const PUT = batched('nodes.put-failures', {
  sqlite: `INSERT INTO login_failures (failure_key, failures, until_at, last_at)
    VALUES ($1, $2, $3, $4) ${UPSERT}`,
  postgres: `INSERT INTO login_failures (failure_key, failures, until_at, last_at)
    SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[]) ${UPSERT}`,
})
const REMOVE = batched('nodes.remove-failures', {
  sqlite: 'DELETE FROM login_failures WHERE failure_key = $1',
  postgres: 'DELETE FROM login_failures WHERE failure_key = ANY($1::bytea[])',
})
const SWEEP_ROWS = 1_000
const SWEEP = shared(
  'nodes.sweep-failures',
  `DELETE FROM login_failures WHERE failure_key IN
    (SELECT failure_key FROM login_failures WHERE last_at < $1 ORDER BY last_at LIMIT ${SWEEP_ROWS})
  RETURNING last_at`,
)

type Row = Failures & { readonly key: Uint8Array }
type Change = {
  readonly key: Uint8Array
  readonly change: (before: Failures | null) => Failures | null
}

const CHANGE: Work<Change, null> = {
  name: 'nodes.change-failures',
  async apply(tx, changes) {
    const keys = new Map(changes.map(({ key }) => [hex(key), key]))
    const rows = await tx.run<Row>(
      FIND_ALL,
      [...keys.values()].map((key) => [key]),
    )
    const now = new Map<string, Failures | null>(rows.map((row) => [hex(row.key), row]))
    for (const { key, change } of changes) now.set(hex(key), change(now.get(hex(key)) ?? null))
    const entries = [...keys].map(([name, key]) => ({ key, failures: now.get(name) ?? null }))
    await tx.run(
      PUT,
      entries.flatMap(({ key, failures: of }) =>
        of === null ? [] : [[key, of.count, of.untilAt, of.lastAt]],
      ),
    )
    await tx.run(
      REMOVE,
      entries.flatMap(({ key, failures }) => (failures === null ? [[key]] : [])),
    )
    return changes.map(() => null)
  },
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
/** Of one size for names of any length, and nobody's name or address lies in the table. */
const hashOf = (key: string): Uint8Array => createHash('sha256').update(key).digest()

export function createSharedFailures(parts: {
  readonly store: Store
  readonly writer: Writer
}): SharedFailures {
  const { store, writer } = parts
  return {
    async find(key) {
      const [row] = await store.read<Row>(FIND, [hashOf(key)])
      return row ?? null
    },
    async change(key, change) {
      await writer.submit(CHANGE, { key: hashOf(key), change })
    },
    async sweep(before) {
      let swept: unknown[]
      do {
        swept = await store.transaction((tx) => tx.run<unknown>(SWEEP, [[before]]))
      } while (swept.length === SWEEP_ROWS)
    },
  }
}
