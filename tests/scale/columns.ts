// A column of the conformance, asked for its tables: the one on the cluster and the one in one process are
// asked the same questions in the same words.
import { plainSql } from '../plain-sql.ts'
import type { Row } from './compare-rows.ts'
import type { LakeTable } from './lake-tables.ts'

export type Column = {
  /** The numbers of minutes, hours and days. */
  facts(): Promise<readonly Row[]>
  refusedAtDoor(): Promise<readonly Row[]>
  /** The lake's rows, brought up to date first. */
  lake(table: LakeTable): Promise<readonly Row[]>
  /** What `questline lake verify` finds wrong, and how much it has looked at. */
  verified(): Promise<{ readonly faults: readonly string[]; readonly rows: number }>
  /** The report over the lake. */
  dailyUsers(): Promise<readonly Row[]>
}

export type ColumnParts = {
  /** As `DATABASE_URL`. */
  readonly books: string
  readonly analytics: string
  /** Before the names of the tables of analytics. */
  readonly schema: '' | 'analytics.'
  /** Runs a command of questline with `--json`, which must not fail; returns its document. */
  ask(words: readonly string[]): Promise<unknown>
}

export const FACT_KEYS = ['grain', 'start', 'app', 'country_code', 'platform', 'metric', 'label']
export const DAILY_KEYS = ['date', 'country_code', 'platform']
export const DOOR_KEYS = ['app', 'event_id', 'event_type', 'reason', 'path', 'source']

export function createColumn({ books, analytics, schema, ask }: ColumnParts): Column {
  return {
    facts: () =>
      plainSql(
        analytics,
        `SELECT ${FACT_KEYS.join(', ')}, CAST(value AS TEXT) AS value FROM ${schema}window_facts`,
      ),
    refusedAtDoor: () =>
      plainSql(books, `SELECT DISTINCT ${DOOR_KEYS.join(', ')} FROM refused_events`),
    lake: async ({ sql }) => rowsOf(await ask(['lake', 'query', '--limit', '0', sql])),
    async verified() {
      const { faults, checked } = Object(await ask(['lake', 'verify']))
      return { faults, rows: Number(checked.rows) }
    },
    async dailyUsers() {
      const rows = rowsOf(await ask(['reports', 'daily-users']))
      return rows.map(({ country: _, ...row }) => row)
    },
  }
}

function rowsOf(document: unknown): readonly Row[] {
  if (!Array.isArray(document)) throw new Error('a table is a list')
  return document
}
