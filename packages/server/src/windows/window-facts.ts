import { batchOnAnalytics, insertOnAnalytics, onAnalytics } from '../analytics/analytics.ts'
import type { Read, SqlType, Tx } from '../store/store.ts'
import { GRAINS, type Grain, startOf } from './grains.ts'
import type { Cell, Place } from './places.ts'
import { plus, type Sum, toSql } from './sums.ts'

export type Metric =
  | 'purchases'
  | 'revenue_usd_micros'
  | 'users'
  | 'matches'
  | 'events'
  | 'unconverted'

const KEY_TYPES: Readonly<Record<string, SqlType>> = {
  ...{ grain: 'text', platform: 'text', start: 'bigint', app: 'text', country_code: 'text' },
  ...{ metric: 'text', label: 'text' },
}
const KEY = Object.keys(KEY_TYPES).join(', ')
const ADD = insertOnAnalytics(
  'windows.add',
  'analytics.window_facts',
  { ...KEY_TYPES, value: 'numeric' },
  `ON CONFLICT (${KEY}) DO UPDATE SET value = window_facts.value + excluded.value`,
)
/** A row that is 0 is none, or rows would tell in how many batches they were made. */
const DROP_ZERO = batchOnAnalytics('windows.drop-zero', {
  sqlite: `DELETE FROM analytics.window_facts WHERE (${KEY}) = ($1, $2, $3, $4, $5, $6, $7) AND value = 0`,
  postgres: `DELETE FROM analytics.window_facts WHERE value = 0 AND (${KEY}) IN (SELECT * FROM
    unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[]))`,
})

type Row = {
  readonly cell: Cell
  readonly metric: Metric
  readonly label: string
  value: Sum
}
type Window = {
  readonly grain: Grain
  readonly start: number
  readonly app: string
  readonly rows: Map<string, Row>
}

/**
 * What a batch adds to the facts: first summed by minute, place, metric and label, then spread over
 * the grouping sets and the grains once for all events of the same kind.
 */
export function createAdditions() {
  const windows = new Map<string, Window>()

  const windowOf = (grain: Grain, start: number, app: string): Window => {
    const key = `${grain}\n${start}\n${app}`
    const known = windows.get(key)
    if (known) return known
    const made = { grain, start, app, rows: new Map<string, Row>() }
    windows.set(key, made)
    return made
  }

  const addTo = ({ rows }: Window, cell: Cell, key: string, fact: Omit<Row, 'cell'>): void => {
    const row = rows.get(key)
    if (row) row.value = plus(row.value, fact.value)
    else rows.set(key, { cell, metric: fact.metric, label: fact.label, value: fact.value })
  }

  return {
    /** Adds to the minute, its hour and its day, in every row of the place. */
    everywhere(minute: number, app: string, place: Place, fact: Omit<Row, 'cell'>): void {
      for (const { cell, key } of keysOf(place.cells, fact)) {
        for (const grain of GRAINS) {
          addTo(windowOf(grain, startOf(grain, minute), app), cell, key, fact)
        }
      }
    },

    /** Adds to some rows of one window. */
    only(
      grain: Grain,
      start: number,
      app: string,
      cells: readonly Cell[],
      fact: Omit<Row, 'cell'>,
    ): void {
      const window = windowOf(grain, start, app)
      for (const { cell, key } of keysOf(cells, fact)) addTo(window, cell, key, fact)
    },

    async write(tx: Tx): Promise<void> {
      const rows = [...windows.values()].flatMap(({ grain, start, app, rows }) =>
        [...rows.values()].flatMap(({ cell, metric, label, value }) =>
          value === 0
            ? []
            : [[grain, cell.platform, start, app, cell.country, metric, label, toSql(value)]],
        ),
      )
      await tx.run(ADD, rows)
      const negative = rows.filter((row) => String(row[7]).startsWith('-'))
      await tx.run(
        DROP_ZERO,
        negative.map((row) => row.slice(0, 7)),
      )
    },
  }
}

function* keysOf(cells: readonly Cell[], { metric, label }: Pick<Row, 'metric' | 'label'>) {
  for (const cell of cells) yield { cell, key: `${metric}\n${label}\n${cell.key}` }
}

export type Additions = ReturnType<typeof createAdditions>

const RANGE = onAnalytics(
  'windows.range',
  `SELECT start, country_code AS country, metric, label, CAST(sum(value) AS TEXT) AS value
  FROM analytics.window_facts
  WHERE grain = $1 AND platform = $2 AND start >= $3 AND start < $4
    AND (CAST($5 AS TEXT) IS NULL OR app = $5)
    AND (CAST($6 AS TEXT) IS NULL OR country_code = $6)
    AND (country_code = COALESCE(CAST($6 AS TEXT), '(ALL)') OR metric IN ('revenue_usd_micros', 'matches'))
  GROUP BY start, country_code, metric, label ORDER BY start, country_code, metric, label`,
)

export type FactRow = {
  readonly start: number
  readonly country: string
  readonly metric: Metric
  readonly label: string
  /** The text of an integer. */
  readonly value: string
}

export type FactFilter = {
  /** Null: all apps together. */
  readonly app: string | null
  readonly country: string | null
  readonly platform: string
}

/** The facts of some windows, `to` not included. */
export const readFacts = (
  read: Read,
  grain: Grain,
  from: number,
  to: number,
  { app, country, platform }: FactFilter,
): Promise<FactRow[]> => read(RANGE, [grain, platform, from, to, app, country])
