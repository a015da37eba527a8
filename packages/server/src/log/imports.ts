import { batched, type Read, shared, type Tx } from '../store/store.ts'
import type { Outcome } from './game-event.ts'

/** How many lines met which fate. */
export type ImportCounts = {
  readonly accepted: number
  readonly duplicates: number
  readonly conflicts: number
  readonly rejected: number
}

/** How far the import of a file is. */
export type ImportProgress = {
  /** Names the file. */
  readonly source: string
  /** The last line that has a verdict; lines count from 1. */
  readonly line: number
  /** SHA-256 over all bytes up to the end of that line: tells a file from another of its name. */
  readonly prefixHash: Uint8Array
  /** Of its lines up to there. */
  readonly counts: ImportCounts
  /** Milliseconds since the epoch; null while lines are left. */
  readonly finishedAt: number | null
}

const COLUMNS =
  'app, source, line, prefix_hash, accepted, duplicates, conflicts, rejected, finished_at'
const FIND = shared(
  'log.find-import',
  `SELECT source, line, prefix_hash AS "prefixHash", accepted, duplicates, conflicts, rejected,
    finished_at AS "finishedAt"
  FROM imports WHERE app = $1 AND source = $2`,
)
const UPDATE = `ON CONFLICT (app, source) DO UPDATE SET line = excluded.line,
  prefix_hash = excluded.prefix_hash, accepted = excluded.accepted,
  duplicates = excluded.duplicates, conflicts = excluded.conflicts,
  rejected = excluded.rejected, finished_at = excluded.finished_at`
const MOVE = batched('log.move-import', {
  sqlite: `INSERT INTO imports (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ${UPDATE}`,
  postgres: `INSERT INTO imports (${COLUMNS}) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[],
    $4::bytea[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[]) ${UPDATE}`,
})

type Row = ImportCounts & Omit<ImportProgress, 'counts'>

/** How far the file named `source` was read into `app`, perhaps by another process. */
export async function findImport(
  read: Read,
  app: string,
  source: string,
): Promise<ImportProgress | undefined> {
  const [row] = await read<Row>(FIND, [app, source])
  if (!row) return undefined
  const { accepted, duplicates, conflicts, rejected, ...where } = row
  return { ...where, counts: { accepted, duplicates, conflicts, rejected } }
}

/** `counts` with those of one more piece. */
export function addCounts(
  counts: ImportCounts,
  outcomes: readonly Outcome[],
  refused: number,
): ImportCounts {
  const of = (kind: Outcome['kind']) => outcomes.filter((outcome) => outcome.kind === kind).length
  return {
    accepted: counts.accepted + of('accepted'),
    duplicates: counts.duplicates + of('duplicate'),
    conflicts: counts.conflicts + of('conflict'),
    rejected: counts.rejected + refused,
  }
}

/** In the transaction of the events that were read up to there. */
export async function moveImports(
  tx: Tx,
  moved: readonly { readonly app: string; readonly progress: ImportProgress }[],
): Promise<void> {
  await tx.run(
    MOVE,
    moved.map(({ app, progress }) => {
      const { source, line, prefixHash, finishedAt } = progress
      const { accepted, duplicates, conflicts, rejected } = progress.counts
      return [
        ...[app, source, line, prefixHash],
        ...[accepted, duplicates, conflicts, rejected, finishedAt],
      ]
    }),
  )
}
