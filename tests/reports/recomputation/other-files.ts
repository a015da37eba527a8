import { campaignKeyOf, idOf } from './cell-text.ts'
import {
  type ConfirmationColumn,
  type CostColumn,
  type NamedRow,
  readConfirmationRows,
  readCostRows,
  readSessionRows,
  type SessionColumn,
} from './columns.ts'
import { candidates, type Fates, filterReasons, type Judged, rejectedRows } from './fates.ts'
import { type Comma, commaOf, readMoney } from './money.ts'
import { isBadReceipt, type Settings } from './purchases.ts'
import { inRowOrder } from './row-order.ts'
import { type Day, dayOf, type Instant, readDay, readTime } from './time.ts'

type Content = string | Uint8Array

export type Confirmation = {
  readonly player: string
  readonly instant: Instant
  readonly micros: bigint
  readonly receipt: string
  readonly campaignKey: string
  readonly asRead: readonly string[]
}

/** The kept confirmations in row order. */
export function cleanConfirmations(
  file: string,
  content: Content,
  settings: Settings,
): { readonly confirmations: readonly Confirmation[]; readonly fates: Fates } {
  const { rows, unreadable } = readConfirmationRows(file, content)
  const comma = commaOf(rows.map(({ cells }) => cells.revenue_usd))
  const judged = rows.map((row) => [row, judgeConfirmation(row, comma, settings)] as const)
  const verdicts = judged.map(([, verdict]) => verdict)
  const sound = candidates(verdicts).sort(inRowOrder)
  const confirmations = sound.filter(
    (row) =>
      row ===
      sound.find(
        (other) =>
          other.player === row.player &&
          other.instant === row.instant &&
          other.micros === row.micros &&
          other.receipt === row.receipt,
      ),
  )
  const fates: Fates = {
    rowsIn: rows.length + unreadable.length,
    rejected: rejectedRows(file, unreadable, judged),
    filtered: filterReasons(verdicts),
    duplicates: sound.length - confirmations.length,
    kept: confirmations.length,
  }
  return { confirmations, fates }
}

function judgeConfirmation(
  { cells }: NamedRow<ConfirmationColumn>,
  comma: Comma,
  settings: Settings,
): Judged<Confirmation> {
  const player = idOf(cells.appsflyer_id)
  if (player === '') return { fate: 'rejected', reason: 'empty-appsflyer-id' }
  const instant = readTime(cells.event_time_utc, settings.inputZone)
  if (instant === undefined) return { fate: 'rejected', reason: 'unreadable-time' }
  const micros = readMoney(cells.revenue_usd, comma)
  if (typeof micros === 'string') return { fate: 'rejected', reason: micros }
  const receipt = idOf(cells.receipt_id)
  if (micros <= 0n || isBadReceipt(receipt, settings)) {
    return { fate: 'filtered', reason: 'false-success' }
  }
  const asRead = [cells.appsflyer_id, cells.event_time_utc, cells.revenue_usd, cells.receipt_id]
  // Confirmations have no campaign, so it orders none of them.
  const row: Confirmation = { player, instant, micros, receipt, campaignKey: '', asRead }
  return { fate: 'candidate', row }
}

export type Cost = { readonly day: Day; readonly campaignKey: string; readonly micros: bigint }

/** Several rows of one day and campaign are all kept: they are summed. */
export function cleanCosts(
  file: string,
  content: Content,
  settings: Settings,
): { readonly costs: readonly Cost[]; readonly fates: Fates } {
  const { rows, unreadable } = readCostRows(file, content)
  const comma = commaOf(rows.map(({ cells }) => cells.ad_cost_usd))
  const judged = rows.map((row) => [row, judgeCost(row, comma, settings)] as const)
  const costs = candidates(judged.map(([, verdict]) => verdict))
  const rejected = rejectedRows(file, unreadable, judged)
  const rowsIn = rows.length + unreadable.length
  return { costs, fates: { rowsIn, rejected, filtered: [], duplicates: 0, kept: costs.length } }
}

function judgeCost(
  { cells }: NamedRow<CostColumn>,
  comma: Comma,
  settings: Settings,
): Judged<Cost> {
  const day = readDay(cells.date, settings.inputZone)
  if (day === undefined) return { fate: 'rejected', reason: 'unreadable-date' }
  const micros = readMoney(cells.ad_cost_usd, comma)
  if (typeof micros === 'string') return { fate: 'rejected', reason: micros }
  return { fate: 'candidate', row: { day, campaignKey: campaignKeyOf(cells.campaign), micros } }
}

export type Session = { readonly user: string; readonly day: Day }

/** Sessions are duplicates when user and instant are the same (user and day in files of dates). */
export function cleanSessions(
  file: string,
  content: Content,
  settings: Settings,
): { readonly sessions: readonly Session[]; readonly fates: Fates } {
  const { rows, unreadable, when } = readSessionRows(file, content)
  const judged = rows.map((row) => [row, judgeSession(row, when, settings)] as const)
  const sound = candidates(judged.map(([, verdict]) => verdict))
  const sessions = sound.filter(
    (row) => row === sound.find(({ user, at }) => user === row.user && at === row.at),
  )
  const fates: Fates = {
    rowsIn: rows.length + unreadable.length,
    rejected: rejectedRows(file, unreadable, judged),
    filtered: [],
    duplicates: sound.length - sessions.length,
    kept: sessions.length,
  }
  return { sessions, fates }
}

function judgeSession(
  { cells }: NamedRow<SessionColumn>,
  when: 'event_timestamp_utc' | 'date',
  settings: Settings,
): Judged<Session & { readonly at: Instant | Day }> {
  const user = idOf(cells.user_id)
  if (user === '') return { fate: 'rejected', reason: 'empty-user-id' }
  if (when === 'date') {
    const day = readDay(cells.date, settings.inputZone)
    if (day === undefined) return { fate: 'rejected', reason: 'unreadable-date' }
    return { fate: 'candidate', row: { user, day, at: day } }
  }
  const instant = readTime(cells.event_timestamp_utc, settings.inputZone)
  if (instant === undefined) return { fate: 'rejected', reason: 'unreadable-time' }
  return { fate: 'candidate', row: { user, day: dayOf(instant), at: instant } }
}
