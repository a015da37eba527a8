import { HISTORY_DAYS } from '../anomaly/anomaly.ts'
import { CHARGEBACK } from '../clean/clean.ts'
import { REVENUE } from '../curated/curated.ts'
import { bigInteger, type Engine, integer } from '../engine/engine.ts'

/** Purchases and confirmations of one kind; sums in micros. */
export type Bulk = {
  readonly rows: number
  /** What was reported and still counts: nothing after a chargeback. */
  readonly revenue: bigint
  /** As reported, chargebacks included. */
  readonly original: bigint
  readonly confirmed: bigint
}

/** One row of the lists of the worst; what a side does not know is null. Micros. */
export type Detail = {
  readonly instant: bigint
  readonly player: string
  readonly receipt: string | null
  readonly reported: bigint | null
  readonly confirmed: bigint | null
}

export type Details = {
  readonly byReceipt: Bulk
  readonly byTime: Bulk
  readonly amountMismatch: Bulk
  /** Purchases of a day (since 1970) and how many of them are matched; D-1 and the days before. */
  readonly days: ReadonlyMap<number, { readonly purchases: number; readonly matched: number }>
  readonly worstMismatches: readonly Detail[]
  readonly largestAfOnly: readonly Detail[]
  readonly largestConfirmedOnly: readonly Detail[]
}

export const WORST_MAX = 20

const PURCHASES = 'purchases POSITIONAL JOIN purchase_matches'
const DAY = 86_400_000_000
/** Far from any day that is asked for. */
const NO_DAY = -1_000
const IS_MATCHED = 'rule > 0'
const IS_MISMATCH = `${IS_MATCHED} AND cf_micros <> micros`

/**
 * What the page says of single purchases and confirmations, from the tables of the reconciliation.
 * A tie goes by the place in the list of details, which no order of the input changes.
 */
export async function readDetails(engine: Engine, d1: number): Promise<Details> {
  const groups = await engine.rows(`
    SELECT rule::INTEGER AS rule, (${IS_MISMATCH}) AS mismatch,
      (CASE WHEN instant BETWEEN ${(d1 - HISTORY_DAYS) * DAY} AND ${(d1 + 1) * DAY - 1}
        THEN instant // ${DAY} ELSE ${NO_DAY} END)::INTEGER AS day,
      count(*)::INTEGER AS rows, sum(${REVENUE})::HUGEINT AS revenue,
      sum(micros)::HUGEINT AS original, sum(cf_micros::BIGINT)::HUGEINT AS confirmed
    FROM ${PURCHASES} WHERE place >= 0 GROUP BY ALL`)
  const total = (isOurs: (group: (typeof groups)[number]) => boolean): Bulk => {
    const ours = groups.filter(isOurs)
    const sum = (column: string): bigint =>
      ours.reduce((all, group) => all + bigInteger(group[column]), 0n)
    return {
      rows: ours.reduce((all, { rows }) => all + integer(rows), 0),
      ...{ revenue: sum('revenue'), original: sum('original'), confirmed: sum('confirmed') },
    }
  }
  const byDay = Map.groupBy(groups, ({ day }) => integer(day))
  const countOf = (rows: typeof groups): number =>
    rows.reduce((all, group) => all + integer(group['rows']), 0)
  return {
    byReceipt: total(({ rule }) => rule === 1),
    byTime: total(({ rule }) => rule === 2),
    amountMismatch: total(({ mismatch }) => mismatch === true),
    days: new Map(
      [...byDay].map(([day, rows]) => [
        day,
        { purchases: countOf(rows), matched: countOf(rows.filter(({ rule }) => rule !== 0)) },
      ]),
    ),
    worstMismatches: await worst(engine, MISMATCHES),
    largestAfOnly: await worst(engine, AF_ONLY),
    largestConfirmedOnly: await worst(engine, CONFIRMED_ONLY),
  }
}

/** Ties aside, the largest first. */
type Worst = { readonly rows: string; readonly size: string }

const MISMATCHES: Worst = {
  rows: `SELECT place, instant, player, receipt, micros AS reported, cf_micros::BIGINT AS confirmed
    FROM ${PURCHASES} WHERE ${IS_MISMATCH}`,
  size: 'abs(confirmed - reported)',
}
const AF_ONLY: Worst = {
  rows: `SELECT place, instant, player, receipt, micros AS reported, NULL::BIGINT AS confirmed
    FROM ${PURCHASES} WHERE rule = 0 AND place >= 0 AND chargeback = ${CHARGEBACK.none}`,
  size: 'reported',
}
const CONFIRMED_ONLY: Worst = {
  rows: `SELECT place, instant, player, receipt, NULL::BIGINT AS reported, micros AS confirmed
    FROM confirmations POSITIONAL JOIN confirmation_matches WHERE place >= 0`,
  size: 'confirmed',
}

async function worst(engine: Engine, { rows, size }: Worst): Promise<readonly Detail[]> {
  const found = await engine.rows(`
    SELECT instant, player, coalesce(receipt, receipt_lent) AS receipt, reported, confirmed
    FROM (${rows} ORDER BY ${size} DESC, place LIMIT ${WORST_MAX})
    LEFT JOIN lent_receipts ON place_lent = place
    ORDER BY ${size} DESC, place`)
  return found.map(({ instant, player, receipt, reported, confirmed }) => ({
    instant: bigInteger(instant),
    player: String(player),
    receipt: receipt === null ? null : String(receipt),
    reported: reported === null ? null : bigInteger(reported),
    confirmed: confirmed === null ? null : bigInteger(confirmed),
  }))
}
