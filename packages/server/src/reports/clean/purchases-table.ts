import { NO_CAMPAIGN } from '../cells/cells.ts'
import { type Engine, list } from '../engine/engine.ts'
import { columnAt, type ReadableCsv, readCsvSql } from '../input/input.ts'
import type { Chargeback, PurchaseColumns, PurchaseFindings } from '../inspect/inspect.ts'
import { createTextTable, idSql, lookUpInstants, lookUpMoney } from './texts.ts'

/** What takes a purchase back: no row, rows of its own player, or also one of another player. */
export const CHARGEBACK = { none: 0, own: 1, foreign: 2 } as const

/**
 * Table `purchases`: the rows that may be kept (rule 1), in row order, so that `rowid` is a row's
 * rank. Columns: player, instant and micros (BIGINT), receipt (NULL for none); event, status and
 * campaign as read; campaign_key; is_af (the event folds to `af_purchase`); chargeback (rule 3).
 * Answers the campaign keys by their code: a text that comes back from the engine may have lost its
 * byte order mark.
 */
export async function createPurchases(
  engine: Engine,
  file: ReadableCsv,
  at: PurchaseColumns,
  found: PurchaseFindings,
): Promise<readonly string[]> {
  const column = (index: number): string => `file.${columnAt(index)}`
  const time = await lookUpInstants(engine, 'odd_purchase_times', column(at.time), found.times)
  const money = await lookUpMoney(engine, 'odd_purchase_amounts', column(at.amount), found.amounts)
  const receipt = await receiptCell(engine, at, found, column)
  const campaignKeys = await createNames(engine, found)
  await createChargebacks(engine, found.chargebacks)
  await createTextTable(engine, 'bad_receipts', 'VARCHAR', pairs(found.badReceipts))
  const status = at.status === null ? "'success'" : column(at.status)
  const asRead = [at.player, at.event, at.time, at.amount, at.campaign].map(column)
  const texts = isOrderVisible(found) ? [...asRead, receipt.value, status] : []
  const orderedTexts = texts.map((_text, index) => `text${index}`)
  await engine.run(`
    CREATE TABLE purchases AS
    SELECT player, instant, micros, receipt, event, status, campaign, campaign_key,
      event IN (${list(afSpellings(found))}) AS is_af,
      (CASE WHEN chargebacks.text IS NULL THEN ${CHARGEBACK.none}
        WHEN coalesce(chargebacks.meaning IN ('', player), false) THEN ${CHARGEBACK.own}
        ELSE ${CHARGEBACK.foreign} END)::UTINYINT AS chargeback
    FROM (
      SELECT ${[
        `${idSql(column(at.player), found.untidy)} AS player`,
        `${time.value} AS instant`,
        `${money.value} AS micros`,
        `${idSql(receipt.value, found.untidy)} AS receipt`,
        `try_cast(${column(at.event)} AS event_name) AS event`,
        `try_cast(${status} AS status_name) AS status`,
        'campaigns.name AS campaign',
        'campaigns.key AS campaign_key',
        ...texts.map((text, index) => `nullif(${text}, '') AS text${index}`),
      ]}
      FROM ${readCsvSql(file)} AS file
      JOIN campaigns ON campaigns.text = ${column(at.campaign)}
      ${time.join} ${money.join} ${receipt.join}
    )
    LEFT JOIN chargebacks ON chargebacks.text = receipt
    WHERE player IS NOT NULL AND instant IS NOT NULL AND micros > 0
      AND event IS NOT NULL AND status IS NOT NULL
      ${found.badReceipts.size === 0 ? '' : 'AND (receipt IS NULL OR receipt NOT IN (SELECT text FROM bad_receipts))'}
    ORDER BY ${['instant', 'micros', 'receipt', 'campaign_key', ...(texts.length > 0 ? orderedTexts : ['player', 'event'])]}`)
  return campaignKeys
}

/**
 * Rows that are equal up to their campaign key are told apart by their cells as read; where all
 * that is printed of them is spelled in one way, that order cannot be seen and is not paid for.
 */
function isOrderVisible({ campaigns, statuses, events, untidy }: PurchaseFindings): boolean {
  const keys = new Set(campaigns.values())
  const folds = new Set(events.values())
  return untidy || keys.size < campaigns.size || folds.size < events.size || statuses.length > 1
}

const afSpellings = ({ events }: PurchaseFindings): string[] => {
  const spellings = [...events].filter(([, event]) => event === 'af_purchase')
  return spellings.length === 0 ? ['af_purchase'] : spellings.map(([spelling]) => spelling)
}

/** The receipt column, or what the inspection found in the JSON of AppsFlyer's event values. */
async function receiptCell(
  engine: Engine,
  at: PurchaseColumns,
  found: PurchaseFindings,
  column: (index: number) => string,
) {
  if (at.receipt !== null) return { value: column(at.receipt), join: '' }
  if (at.eventValue === null) return { value: "''", join: '' }
  await createTextTable(engine, 'event_values', 'VARCHAR', found.eventValues)
  return {
    value: "coalesce(event_values.meaning, '')",
    join: `LEFT JOIN event_values ON event_values.text = ${column(at.eventValue)}`,
  }
}

/** A few names in millions of rows: kept as numbers that sort as the texts do. */
async function createNames(engine: Engine, found: PurchaseFindings): Promise<readonly string[]> {
  const { campaigns, statuses, events } = found
  // A type needs at least one name, also where no row is kept.
  const named = campaigns.size === 0 ? new Map([['', NO_CAMPAIGN]]) : campaigns
  const keys = sorted(new Set(named.values()))
  await createTextTable(engine, 'campaign_texts', 'VARCHAR', named)
  await engine.run(`
    CREATE TYPE status_name AS ENUM (${list(statuses.length === 0 ? ['success'] : statuses)});
    CREATE TYPE event_name AS ENUM (${list(events.size === 0 ? ['purchase'] : sorted(events.keys()))});
    CREATE TYPE campaign_name AS ENUM (${list(named.keys())});
    CREATE TYPE campaign_key AS ENUM (${list(keys)});
    CREATE TABLE campaigns AS
    SELECT text, text::campaign_name AS name, meaning::campaign_key AS key FROM campaign_texts`)
  return keys
}

const sorted = (names: Iterable<string>): string[] =>
  [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

const pairs = (texts: Iterable<string>): (readonly [string, null])[] =>
  [...texts].map((text) => [text, null] as const)

/** By receipt: the one player whose rows take it back, empty for none named, NULL for several. */
async function createChargebacks(
  engine: Engine,
  chargebacks: readonly Chargeback[],
): Promise<void> {
  const players = new Map<string, string | null>()
  for (const { receipt, player } of chargebacks) {
    const before = players.get(receipt)
    if (before === undefined || before === '') players.set(receipt, player)
    else if (player !== '' && before !== player) players.set(receipt, null)
  }
  await createTextTable(engine, 'chargebacks', 'VARCHAR', players)
}
