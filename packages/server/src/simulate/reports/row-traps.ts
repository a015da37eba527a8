import { dayText } from './csv-bytes.ts'
import {
  clockText,
  confirmationRow,
  confirmed,
  type Draft,
  moneyText,
  type PlannedPurchase,
  type Planted,
  type PurchaseChange,
  purchaseRow,
  type Trap,
  timeText,
} from './planted.ts'

const purchases = (name: string, rows: (draft: Draft) => readonly PlannedPurchase[]): Trap => ({
  name: `purchases_raw/${name}`,
  plant: (draft) => confirmed(draft, rows(draft)),
})
const confirmations = (name: string, plant: (draft: Draft) => Planted): Trap => ({
  name: `confirmed_purchases/${name}`,
  plant,
})

const DUPLICATES: readonly Trap[] = [
  purchases('same-row-twice', (draft) => [purchaseRow(draft), duplicate(draft)]),
  purchases('same-row-thrice', (draft) => [
    ...[purchaseRow(draft), duplicate(draft), duplicate(draft)],
  ]),
  purchases('duplicate-in-other-words', (draft) => [
    purchaseRow(draft),
    duplicate(draft, {
      time: `${dayText(draft.at + 3_600)} ${clockText(draft.at + 3_600)}+01:00`,
      money: `$${moneyText(draft.micros)}`,
      ...{ event: 'Purchase', status: 'SUCCESS' },
    }),
  ]),
  purchases('duplicate-without-receipt', (draft) => [
    ...[purchaseRow(draft), duplicate(draft, { receipt: '' })],
  ]),
  // The kept one is the first in row order: of two campaigns that with the smaller key.
  purchases('duplicate-under-two-campaigns', (draft) => {
    const [early, late] = [draft.special('early'), draft.special('late')]
    return [
      purchaseRow(draft, { campaign: draft.nameOf(early), meansCampaign: early }),
      duplicate(draft, { campaign: draft.nameOf(late) }),
    ]
  }),
  purchases('two-receipts-at-one-instant', (draft) => [
    ...[purchaseRow(draft), purchaseRow(draft, { receipt: draft.otherReceipt })],
  ]),
  purchases('both-event-names', (draft) => [
    ...[purchaseRow(draft), purchaseRow(draft, { event: 'af_purchase' })],
  ]),
  purchases('receipt-again-a-minute-later', (draft) => [
    ...[purchaseRow(draft), purchaseRow(draft, after(draft, 60))],
  ]),
  purchases('receipt-on-two-players', (draft) => [
    purchaseRow(draft),
    purchaseRow(draft, { id: draft.stranger, ...after(draft, 7) }),
  ]),
]

const duplicate = (draft: Draft, change: PurchaseChange = {}): PlannedPurchase =>
  purchaseRow(draft, { ...change, fate: 'duplicate' })

const after = ({ at }: Draft, seconds: number): PurchaseChange => ({
  time: timeText(at + seconds),
  meansAt: at + seconds,
})

const DAY_S = 86_400

/** A purchase that these rows charge back. Their money and time may be anything. */
const chargedBack = (name: string, rows: (draft: Draft) => readonly PurchaseChange[]): Trap =>
  purchases(`chargeback-${name}`, (draft) => [
    purchaseRow(draft, { chargedBack: true }),
    ...rows(draft).map((change) => chargeback(draft, change)),
  ])

const chargeback = (draft: Draft, change: PurchaseChange): PlannedPurchase =>
  purchaseRow(draft, { status: 'chargeback', ...change, fate: { filtered: 'chargeback' } })

const CHARGEBACKS: readonly Trap[] = [
  chargedBack('after', (draft) => [after(draft, 900)]),
  chargedBack('before', (draft) => [after(draft, -900)]),
  chargedBack('at-the-same-instant', () => [{}]),
  chargedBack('twice', (draft) => [after(draft, 600), after(draft, 1_200)]),
  chargedBack('on-another-day', (draft) => [after(draft, 3 * DAY_S)]),
  chargedBack('of-another-player', ({ stranger }) => [{ id: stranger }]),
  chargedBack('with-receipt-only', () => [
    ...[{ id: '', event: '', time: '', money: '', campaign: '', status: ' ChargeBack ' }],
  ]),
  chargedBack('with-negative-money', ({ micros }) => [{ money: `-${moneyText(micros)}` }]),
  purchases('chargeback-without-receipt', (draft) => [
    ...[purchaseRow(draft), chargeback(draft, { receipt: '' })],
  ]),
  purchases('chargeback-without-purchase', (draft) => [
    chargeback(draft, { receipt: draft.otherReceipt }),
  ]),
  // All kept rows of the receipt, whoever's they are.
  purchases('chargeback-of-two-players', (draft) => [
    purchaseRow(draft, { chargedBack: true }),
    purchaseRow(draft, { id: draft.stranger, chargedBack: true }),
    chargeback(draft, {}),
  ]),
]

const seconds = ({ at }: Draft, count: number): { readonly time: string } => ({
  time: timeText(at + count),
})
const WINDOW_S = 600
const microsecondPast = ({ at }: Draft): string => timeText(at + WINDOW_S).replace('Z', '.000001Z')

const MATCHES: readonly Trap[] = [
  confirmations('same-row-twice', (draft) => {
    const { fate: _, ...row } = confirmationRow(draft)
    const rows = [{ ...row, fate: 'kept' } as const, { ...row, fate: 'duplicate' } as const]
    return { purchases: [purchaseRow(draft)], confirmations: rows, byReceipt: 1 }
  }),
  confirmations('receipt-twice', (draft) => ({
    purchases: [purchaseRow(draft)],
    confirmations: [
      ...[confirmationRow(draft, seconds(draft, 10)), confirmationRow(draft, seconds(draft, 50))],
    ],
    byReceipt: 1,
  })),
  confirmations('another-receipt', (draft) => ({
    purchases: [purchaseRow(draft)],
    confirmations: [confirmationRow(draft, { receipt: draft.otherReceipt })],
    ...{ byTime: 1, receiptMismatch: 1 },
  })),
  confirmations('at-the-edge-of-the-window', (draft) => ({
    purchases: [purchaseRow(draft)],
    confirmations: [confirmationRow(draft, { ...seconds(draft, WINDOW_S), receipt: '' })],
    byTime: 1,
  })),
  confirmations('past-the-edge-of-the-window', (draft) => ({
    purchases: [purchaseRow(draft)],
    confirmations: [confirmationRow(draft, { time: microsecondPast(draft), receipt: '' })],
  })),
  confirmations('receipt-days-later', (draft) => ({
    purchases: [purchaseRow(draft)],
    confirmations: [confirmationRow(draft, seconds(draft, 2 * DAY_S))],
    ...{ byReceipt: 1, outsideWindow: 1 },
  })),
  // Nearest first would pair the second purchase with the first confirmation, and leave the rest.
  confirmations('nearest-is-not-best', (draft) => ({
    purchases: [...[purchaseRow(draft), purchaseRow(draft, { ...after(draft, 480), receipt: '' })]],
    confirmations: [
      confirmationRow(draft, { ...seconds(draft, 420), receipt: '' }),
      confirmationRow(draft, { ...seconds(draft, 720), receipt: '' }),
    ],
    byTime: 2,
  })),
  // The receipt decides, though the other confirmation is nearer.
  confirmations('receipt-before-time', (draft) => ({
    purchases: [purchaseRow(draft)],
    confirmations: [
      confirmationRow(draft, { ...seconds(draft, 1), receipt: '' }),
      confirmationRow(draft, seconds(draft, 300)),
    ],
    byReceipt: 1,
  })),
  confirmations('amount-differs', (draft) => ({
    purchases: [purchaseRow(draft)],
    confirmations: [confirmationRow(draft, { money: moneyText(draft.micros + 1) })],
    ...{ byReceipt: 1, amountMismatch: 1 },
  })),
  confirmations('amount-of-a-charged-back-purchase', (draft) => ({
    purchases: [purchaseRow(draft, { chargedBack: true }), chargeback(draft, {})],
    confirmations: [confirmationRow(draft)],
    byReceipt: 1,
  })),
]

/** Whole rows that come twice, undo each other or could meet more than one partner. */
export const ROW_TRAPS: readonly Trap[] = [...DUPLICATES, ...CHARGEBACKS, ...MATCHES]
