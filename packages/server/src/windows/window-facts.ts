import { local } from '../analytics/analytics.ts'
import type { Read, Tx } from '../store/store.ts'
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

const KEY = 'grain, platform, start, app, country_code, metric, label'
const ADD = local(
  'windows.add',
  `INSERT INTO window_facts (${KEY}, value) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (${KEY}) DO UPDATE SET value = value + excluded.value`,
)
/** A row that is 0 is none, or rows would tell in how many batches they were made. */
const DROP_ZERO = local(
  'windows.drop-zero',
  `DELETE FROM window_facts WHERE grain = $1 AND platform = $2 AND start = $3 AND app = $4
    AND country_code = $5 AND metric = $6 AND label = $7 AND value = 0`,
)

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

const RANGE = local(
  'windows.range',
  `SELECT start, country_code AS country, metric, label, CAST(sum(value) AS TEXT) AS value
  FROM window_facts
  WHERE grain = $1 AND platform = $2 AND start >= $3 AND start < $4
    AND ($5 IS NULL OR app = $5) AND ($6 IS NULL OR country_code = $6)
    AND (country_code = COALESCE($6, '(ALL)') OR metric IN ('revenue_usd_micros', 'matches'))
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
