import { NO_CAMPAIGN } from '../cells/cells.ts'
import { type Engine, list } from '../engine/engine.ts'
import { columnAt, type ReadableCsv, readCsvSql } from '../input/input.ts'
import type { Chargeback, PurchaseColumns, PurchaseFindings } from '../inspect/inspect.ts'
import { createTextTable, lookUpIds, lookUpInstants, lookUpMoney } from './texts.ts'

/** What takes a purchase back: no row, rows of its own player, or also one of another player. */
export const CHARGEBACK = { none: 0, own: 1, foreign: 2 } as const

/**
 * The names in the table of purchases, by their code: what comes back from the engine as text may have
 * lost its byte order mark.
 */
export type PurchaseNames = {
  readonly statuses: readonly string[]
  readonly events: readonly string[]
  readonly campaigns: readonly string[]
  readonly campaignKeys: readonly string[]
}

/**
 * Table `purchases`: the rows that may be kept (rule 1), in row order, so that `rowid` is a row's
 * rank. Columns: player, instant and micros (BIGINT), receipt (NULL for none); event, status and
 * campaign as read; campaign_key; is_af (the event folds to `af_purchase`); chargeback (rule 3).
 */
export async function createPurchases(
  engine: Engine,
  file: ReadableCsv,
  at: PurchaseColumns,
  found: PurchaseFindings,
): Promise<PurchaseNames> {
  const column = (index: number): string => `file.${columnAt(index)}`
  const time = await lookUpInstants(engine, 'odd_purchase_times', column(at.time), found.times)
  const money = await lookUpMoney(engine, 'odd_purchase_amounts', column(at.amount), found.amounts)
  const receipt = await receiptCell(engine, at, found, column)
  const player = await lookUpIds(engine, 'odd_players', column(at.player), found.ids)
  const id = await lookUpIds(engine, 'odd_receipts', receipt.value, found.ids)
  const names = await createNames(engine, found)
  await createChargebacks(engine, found.chargebacks)
  if (found.badReceipts.size > 0) {
    await createTextTable(engine, 'bad_receipts', 'VARCHAR', pairs(found.badReceipts))
  }
  const status = at.status === null ? "'success'" : column(at.status)
  const order = rowOrder(found, {
    player: column(at.player),
    time: column(at.time),
    amount: column(at.amount),
    receipt: receipt.value,
  })
  await engine.run(`
    CREATE TABLE purchases AS
    SELECT player, instant, micros, receipt, event, status, campaign, campaign_key, is_af,
      (CASE WHEN chargebacks.text IS NULL THEN ${CHARGEBACK.none}
        WHEN coalesce(chargebacks.meaning IN ('', player), false) THEN ${CHARGEBACK.own}
        ELSE ${CHARGEBACK.foreign} END)::UTINYINT AS chargeback
    FROM (
      SELECT ${[
        `${player.value} AS player`,
        `${time.value} AS instant`,
        `${money.value} AS micros`,
        `${id.value} AS receipt`,
        'events.name AS event',
        'events.is_af',
        'statuses.name AS status',
        'campaigns.name AS campaign',
        'campaigns.key AS campaign_key',
        ...order.texts,
      ]}
      FROM ${readCsvSql(file)} AS file
      JOIN statuses ON statuses.text = ${status}
      JOIN events ON events.text = ${column(at.event)}
      JOIN campaigns ON campaigns.text = ${column(at.campaign)}
      ${time.join} ${money.join} ${receipt.join} ${player.join} ${id.join}
    )
    LEFT JOIN chargebacks ON chargebacks.text = receipt
    WHERE player IS NOT NULL AND instant IS NOT NULL AND micros > 0 ${notBad(found)}
    ORDER BY ${order.columns.join(', ')}`)
  return names
}

const notBad = ({ badReceipts }: PurchaseFindings): string =>
  badReceipts.size === 0
    ? ''
    : 'AND (receipt IS NULL OR receipt NOT IN (SELECT text FROM bad_receipts))'

type Texts = Readonly<Record<'player' | 'time' | 'amount' | 'receipt', string>>

/**
 * The columns of the row order, and the texts that must be carried along for it. Names sort as their
 * texts do. Cells as read are compared last, and only where what is printed of rows could differ.
 */
function rowOrder(found: PurchaseFindings, { player, time, amount, receipt }: Texts) {
  const first = ['instant', 'micros', 'receipt', 'campaign_key']
  if (!isOrderVisible(found)) return { texts: [], columns: [...first, 'player', 'event'] }
  const texts = [`${time} AS time_text`, `${amount} AS amount_text`]
  const last = ['event', 'time_text', 'amount_text', 'campaign']
  if (found.ids.size === 0) return { texts, columns: [...first, 'player', ...last, 'status'] }
  return {
    texts: [...texts, `${player} AS player_text`, `nullif(${receipt}, '') AS receipt_text`],
    columns: [...first, 'player_text', ...last, 'receipt_text', 'status'],
  }
}

/**
 * Rows that are equal up to their campaign key are told apart by their cells as read; where all
 * that is printed of them is spelled in one way, that order cannot be seen and is not paid for.
 */
function isOrderVisible({ campaigns, statuses, events, ids }: PurchaseFindings): boolean {
  const keys = new Set(campaigns.values())
  const folds = new Set(events.values())
  return (
    ids.size > 0 || keys.size < campaigns.size || folds.size < events.size || statuses.length > 1
  )
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

/**
 * A few names in millions of rows: kept as numbers that sort as the texts do, an empty text last.
 * Tables `statuses`, `events` and `campaigns` tell them by their text, others are not ours.
 */
async function createNames(engine: Engine, found: PurchaseFindings): Promise<PurchaseNames> {
  const { campaigns, statuses, events } = found
  // A type needs at least one name, also where no row is kept.
  const named = campaigns.size === 0 ? new Map([['', NO_CAMPAIGN]]) : campaigns
  const campaignKeys = sorted(new Set(named.values()))
  const campaignNames = sorted(named.keys())
  const eventNames = events.size === 0 ? ['purchase'] : sorted(events.keys())
  const statusNames = statuses.length === 0 ? ['success'] : sorted(statuses)
  const af = [...events].flatMap(([name, event]) => (event === 'af_purchase' ? [name] : []))
  await createTextTable(engine, 'campaign_texts', 'VARCHAR', named)
  await engine.run(`
    CREATE TYPE status_name AS ENUM (${list(statusNames)});
    CREATE TABLE statuses AS
    SELECT text, text::status_name AS name FROM (SELECT unnest([${list(statusNames)}]) AS text);
    CREATE TYPE event_name AS ENUM (${list(eventNames)});
    CREATE TABLE events AS
    SELECT text, text::event_name AS name, text IN (SELECT unnest([${list(af)}]::VARCHAR[])) AS is_af
    FROM (SELECT unnest([${list(eventNames)}]) AS text);
    CREATE TYPE campaign_name AS ENUM (${list(campaignNames)});
    CREATE TYPE campaign_key AS ENUM (${list(campaignKeys)});
    CREATE TABLE campaigns AS
    SELECT text, text::campaign_name AS name, meaning::campaign_key AS key FROM campaign_texts`)
  return { statuses: statusNames, events: eventNames, campaigns: campaignNames, campaignKeys }
}

/** By UTF-8 bytes, an empty text last. */
const sorted = (names: Iterable<string>): string[] =>
  [...names].sort((a, b) =>
    a === '' || b === '' ? b.length - a.length : Buffer.compare(Buffer.from(a), Buffer.from(b)),
  )

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
