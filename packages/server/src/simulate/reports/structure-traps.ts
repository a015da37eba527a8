import {
  confirmationRow,
  confirmed,
  type Draft,
  type PlannedPurchase,
  type PlannedRow,
  purchaseRow,
  type Trap,
} from './planted.ts'
import type { RejectReason } from './truth.ts'

/** The line of the draft's purchase, broken: nothing of it may be counted, nothing after it lost. */
const broken = (
  name: string,
  reason: RejectReason,
  bend: (row: PlannedPurchase, draft: Draft) => string | Uint8Array,
): Trap => ({
  name: `purchases_raw/${name}`,
  plant: (draft) => {
    const row = purchaseRow(draft, { fate: { rejected: reason } })
    return confirmed(draft, [{ ...row, line: bend(row, draft) }])
  },
})

const confirmationLine = (
  name: string,
  fate: PlannedRow['fate'],
  bend: (line: string, draft: Draft) => string | Uint8Array,
): Trap => ({
  name: `confirmed_purchases/${name}`,
  plant: (draft) => {
    const line = bend(String(confirmationRow(draft).line), draft)
    const byReceipt = fate === 'kept' ? 1 : 0
    return { purchases: [purchaseRow(draft)], confirmations: [{ line, fate }], byReceipt }
  },
})

/** Bytes of Windows-1252, which are no UTF-8. */
export const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1')

const SHORT: RejectReason = 'wrong-cell-count'
const firstCells = (line: string, count: number): string =>
  line.split(',').slice(0, count).join(',')

const PURCHASE_LINES: readonly Trap[] = [
  broken('unterminated-quote', 'quote-fault', (_, { cells }) =>
    [
      cells.id,
      cells.event,
      cells.time,
      cells.money,
      '"Summer Splash',
      cells.receipt,
      'success',
    ].join(','),
  ),
  broken('text-after-a-quote', 'quote-fault', (_, { cells }) =>
    [
      cells.id,
      cells.event,
      cells.time,
      cells.money,
      '"Summer" Splash',
      cells.receipt,
      'success',
    ].join(','),
  ),
  broken('invalid-utf8', 'invalid-utf8', (_, { cells }) =>
    latin1(`${cells.id},purchase,${cells.time},4.99,Été,${cells.receipt},success`),
  ),
  broken('nul-byte', 'nul-byte', (_, { cells }) =>
    [cells.id, 'purchase', cells.time, '4.\x0099', 'Cup Final', cells.receipt, 'success'].join(','),
  ),
  broken('short-row', SHORT, ({ line }) => firstCells(String(line), 3)),
  broken('long-row', SHORT, ({ line }) => `${line},,`),
  {
    name: 'purchases_raw/header-again',
    plant: (draft) => ({
      ...confirmed(draft, [
        { ...purchaseRow(draft, { fate: { filtered: 'not-success' } }), line: PURCHASE_HEAD },
      ]),
    }),
  },
]

export const PURCHASE_HEAD =
  'appsflyer_id,event_name,event_time_utc,revenue_usd,campaign,receipt_id,status'

const CONFIRMATION_LINES: readonly Trap[] = [
  confirmationLine('quoted-newline', 'kept', (line, { cells }) =>
    line.replace(cells.id, `"${cells.id}\r\n"`),
  ),
  confirmationLine('every-cell-quoted', 'kept', (line) =>
    line
      .split(',')
      .map((cell) => `"${cell}"`)
      .join(','),
  ),
  confirmationLine('short-row', { rejected: SHORT }, (line) => firstCells(line, 2)),
  confirmationLine('long-row', { rejected: SHORT }, (line) => `${line},x`),
  confirmationLine('invalid-utf8', { rejected: 'invalid-utf8' }, (line) => latin1(`${line}\xff`)),
  confirmationLine('nul-byte', { rejected: 'nul-byte' }, (line) => `${line}\0`),
]

/**
 * Lines that are no rows of the file. Purchases have the unterminated quotes, which make a reader
 * go back to single lines; confirmations have line breaks within quotes, which forbid just that.
 */
export const STRUCTURE_TRAPS: readonly Trap[] = [...PURCHASE_LINES, ...CONFIRMATION_LINES]
