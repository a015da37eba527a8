import { present } from '../cells/cells.ts'
import { isPlainIncome, isPlainText, isPlainTime } from './common-shapes.ts'
import { createFateBook, type Fates, type RejectedRow, rawText } from './fates.ts'
import { createOddMoney, createOddTimes, type OddCells } from './odd-cells.ts'
import { cellsOf, type Inspector } from './record.ts'
import type { InspectSettings } from './settings.ts'

/** What the confirmations of a file hold that the engine cannot tell, or not exactly. */
export type ConfirmationFindings = Fates & {
  readonly times: OddCells
  readonly amounts: OddCells
  /** Some player or receipt has white space around it, or is a word for nothing. */
  readonly untidy: boolean
  readonly badReceipts: ReadonlySet<string>
  readonly candidates: number
}

export type ConfirmationColumns = {
  readonly player: number
  readonly time: number
  readonly amount: number
  readonly receipt: number
}

type Confirmation = {
  readonly player: string
  readonly time: string
  readonly amount: string
  readonly receipt: string
}

type Ambiguous = { readonly row: RejectedRow; readonly confirmation: Confirmation }

/** Decides the fate of each confirmation row, duplicates aside. */
export function inspectConfirmations(
  at: ConfirmationColumns,
  settings: InspectSettings,
): Inspector<ConfirmationFindings> {
  const fates = createFateBook(settings.onRejected)
  const times = createOddTimes(settings.zone)
  const amounts = createOddMoney()
  const ambiguous: Ambiguous[] = []
  const { badReceipt } = settings
  const isZoneless = settings.zone.name === 'UTC'
  const badReceipts = new Set<string>()
  let untidy = false
  let candidates = 0

  const keep = ({ receipt }: Confirmation, micros: bigint): void => {
    if (micros <= 0n) return fates.filter('false-success')
    if (present(receipt) !== '' && badReceipt?.test(present(receipt))) {
      badReceipts.add(present(receipt))
      return fates.filter('false-success')
    }
    candidates += 1
  }

  const judge = (confirmation: Confirmation, row: RejectedRow): void => {
    if (!isTidy(confirmation)) untidy = true
    amounts.witness(confirmation.amount)
    const time = times.read(confirmation.time)
    const amount = amounts.read(confirmation.amount)
    if (present(confirmation.player) === '') {
      fates.reject({ ...row, reason: 'empty-appsflyer-id' })
    } else if (time.instant === undefined) {
      fates.reject({ ...row, reason: time.reason })
    } else if (amount.micros !== undefined) {
      keep(confirmation, amount.micros)
    } else if (amount.reason === 'ambiguous-number') {
      ambiguous.push({ row: { ...row, reason: amount.reason }, confirmation })
    } else {
      fates.reject({ ...row, reason: amount.reason })
    }
  }

  return {
    record(record, bytes) {
      fates.record()
      const { starts, quoted } = record
      const end = (cell: number): number => (starts[cell + 1] as number) - 1
      const start = (cell: number): number => starts[cell] as number
      if (
        !quoted &&
        badReceipt === null &&
        start(at.player) < end(at.player) &&
        isPlainText(bytes, start(at.player), end(at.player)) &&
        isPlainText(bytes, start(at.receipt), end(at.receipt)) &&
        isPlainTime(bytes, start(at.time), end(at.time), isZoneless) &&
        isPlainIncome(bytes, start(at.amount), end(at.amount))
      ) {
        candidates += 1
        return
      }
      const row = { line: record.line, reason: '', raw: rawText(record, bytes) }
      const cells = cellsOf(record, bytes, settings.delimiter)
      const cell = (index: number): string => cells[index] ?? ''
      const confirmation = {
        player: cell(at.player),
        time: cell(at.time),
        amount: cell(at.amount),
        receipt: cell(at.receipt),
      }
      judge(confirmation, row)
    },
    finish() {
      for (const { row, confirmation } of ambiguous) {
        const { micros } = amounts.decide(confirmation.amount)
        if (micros === undefined) fates.reject(row)
        else keep(confirmation, micros)
      }
      return {
        ...{ filtered: fates.filtered, rejected: fates.rejected, records: fates.records },
        ...{ times: times.known, amounts: amounts.known, badReceipts, untidy, candidates },
      }
    },
  }
}

const isTidy = ({ player, receipt }: Confirmation): boolean =>
  player === present(player) && receipt === present(receipt)
