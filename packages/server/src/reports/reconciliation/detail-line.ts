import {
  ink,
  put,
  putAgain,
  putInstant,
  putJsonText,
  putMoneyNumber,
  type Sheet,
} from '../print/print.ts'
import { hasText, type Texts } from '../texts/texts.ts'
import { FLAG } from './matches.ts'

/** One detail; NaN is null. Used again for each, so that millions of them make no garbage. */
export type Detail = {
  instant: number
  confirmedAt: number
  /** Micros. */
  revenue: number
  confirmed: number
  rule: number
  flags: number
  /** Where the player and the receipt stand, and as which of the texts. */
  players: Texts
  player: number
  receipts: Texts
  receipt: number
}

/** Room for all that is in a line but the two texts. */
export const LINE_BYTES = 1_024
/** What one byte of a text may need in JSON. */
export const ESCAPED_BYTES = 6

/** What stands between the values of a line, by its type. */
const frame = (type: string, ours: string, theirs: string) => ({
  type: ink(`{"type":"${type}","appsflyer_id":`),
  first: ink(`,"af_event_time_utc":${ours}`),
  second: ink(`"${theirs}`),
})
const MATCHED = frame('matched', '"', ',"cf_event_time_utc":"')
const AF_ONLY = frame('af_only', '"', ',"cf_event_time_utc":null')
const CONFIRMED_ONLY = frame('confirmed_only', 'null,"cf_event_time_utc":"', '')
const NULL = ink('null')
const QUOTE = ink('"')
const TIME = ink(',"event_time_utc":"')
const REVENUE = ink('","revenue_usd":')
const CONFIRMED = ink(',"confirmed_revenue_usd":')
const RECEIPT = ink(',"receipt_id":')
const RULES = ['null', '"receipt"', '"time"'].map((rule) => ink(`,"rule":${rule},"seconds_apart":`))
/** By the bits of {@link FLAG}. */
const FLAG_LISTS = Array.from({ length: 8 }, (_value, flags) => {
  const names = [
    ...(flags & FLAG.junkReceipt ? ['junk_receipt'] : []),
    ...(flags & FLAG.outsideWindow ? ['outside_window'] : []),
    ...(flags & FLAG.receiptMismatch ? ['receipt_mismatch'] : []),
  ]
  return ink(`,"flags":${JSON.stringify(names)}}`)
})

/** Puts a detail as one line of JSON, without a line end. */
export function putDetail(sheet: Sheet, detail: Detail): void {
  const { instant, confirmedAt, revenue, confirmed } = detail
  const isOurs = !Number.isNaN(instant)
  const isMatched = isOurs && !Number.isNaN(confirmedAt)
  const { type, first, second } = isMatched ? MATCHED : isOurs ? AF_ONLY : CONFIRMED_ONLY
  put(sheet, type)
  putText(sheet, detail.players, detail.player)
  put(sheet, first)
  const from = sheet.at
  putInstant(sheet, isOurs ? instant : confirmedAt)
  const to = sheet.at
  put(sheet, second)
  if (isMatched) {
    putInstant(sheet, confirmedAt)
    put(sheet, QUOTE)
  }
  put(sheet, TIME)
  putAgain(sheet, from, to)
  put(sheet, REVENUE)
  putMoneyNumber(sheet, revenue)
  put(sheet, CONFIRMED)
  putNumber(sheet, confirmed)
  put(sheet, RECEIPT)
  if (hasText(detail.receipts, detail.receipt)) putText(sheet, detail.receipts, detail.receipt)
  else put(sheet, NULL)
  put(sheet, RULES[detail.rule] as Uint8Array)
  // Microseconds are printed as seconds as micros are as dollars.
  putNumber(sheet, confirmedAt - instant)
  put(sheet, FLAG_LISTS[detail.flags] as Uint8Array)
}

function putNumber(sheet: Sheet, micros: number): void {
  if (Number.isNaN(micros)) put(sheet, NULL)
  else putMoneyNumber(sheet, micros)
}

function putText(sheet: Sheet, { bytes, starts }: Texts, text: number): void {
  putJsonText(sheet, bytes, starts[text] as number, starts[text + 1] as number)
}
