import type { Campaigns, SpecialName } from './campaigns.ts'
import { dayText } from './csv-bytes.ts'
import type { Names } from './names.ts'
import type { Story } from './stories.ts'
import type { Fate } from './tally.ts'

/** One row of a trap: its line (bytes where it is no text) and where it must end. */
export type PlannedRow = { readonly line: string | Uint8Array; readonly fate: Fate }

/** A purchase row. One that is kept tells the reports its money, day and campaign. */
export type PlannedPurchase = PlannedRow & {
  readonly micros: number
  readonly at: number
  readonly campaign: number
  readonly chargedBack?: boolean
}

/** Everything that a trap puts into the two files, and what reconciliation must make of it. */
export type Planted = {
  readonly purchases: readonly PlannedPurchase[]
  readonly confirmations: readonly PlannedRow[]
  readonly byReceipt?: number
  readonly byTime?: number
  readonly amountMismatch?: number
  readonly receiptMismatch?: number
  readonly outsideWindow?: number
}

export type Trap = { readonly name: string; plant(draft: Draft): Planted }

/** The cells of a purchase row as text, already quoted where they need it. */
export type PurchaseCells = {
  readonly id: string
  readonly event: string
  readonly time: string
  readonly money: string
  readonly campaign: string
  readonly receipt: string
  readonly status: string
}
export type ConfirmationCells = Pick<PurchaseCells, 'id' | 'time' | 'money' | 'receipt'>

/** A believable purchase with its receipt, to be bent by a trap. */
export type Draft = {
  readonly at: number
  readonly micros: number
  readonly campaign: number
  readonly cells: PurchaseCells
  /** The id of somebody else, who has no other rows. */
  readonly stranger: string
  /** A receipt that no purchase has. */
  readonly otherReceipt: string
  /** The index of the campaign without a name. */
  readonly unattributed: number
  special(name: SpecialName): number
  /** The name of a campaign as a cell. */
  nameOf(campaign: number): string
}

export function draftOf(story: Story, names: Names, campaigns: Campaigns): Draft {
  const nameOf = (campaign: number): string => cellOf(campaigns.all[campaign]?.name ?? '')
  return {
    ...{ at: story.at, micros: story.micros, campaign: story.campaign },
    cells: {
      id: names.player(story.player),
      event: 'purchase',
      time: timeText(story.at),
      money: moneyText(story.micros),
      campaign: nameOf(story.campaign),
      receipt: names.receipt(story.purchase),
      status: 'success',
    },
    stranger: names.stranger(story.purchase),
    otherReceipt: names.receipt(story.purchase).replace('GPA', 'ALT'),
    unattributed: campaigns.unattributed,
    special: campaigns.special,
    nameOf,
  }
}

export type PurchaseChange = Partial<PurchaseCells> & {
  readonly fate?: Fate
  /** What the row means, where its cells mean something else than the draft's. */
  readonly meansMicros?: number
  readonly meansAt?: number
  readonly meansCampaign?: number
  readonly chargedBack?: boolean
}

export function purchaseRow(draft: Draft, change: PurchaseChange = {}): PlannedPurchase {
  const { id, event, time, money, campaign, receipt, status } = { ...draft.cells, ...change }
  return {
    line: [id, event, time, money, campaign, receipt, status].join(','),
    fate: change.fate ?? 'kept',
    micros: change.meansMicros ?? draft.micros,
    at: change.meansAt ?? draft.at,
    campaign: change.meansCampaign ?? draft.campaign,
    chargedBack: change.chargedBack ?? false,
  }
}

export function confirmationRow(
  draft: Draft,
  change: Partial<ConfirmationCells> & { readonly fate?: Fate } = {},
): PlannedRow {
  const time = timeText(draft.at + 30)
  const { id, money, receipt } = { ...draft.cells, ...change }
  return {
    line: [id, change.time ?? time, money, receipt].join(','),
    fate: change.fate ?? 'kept',
  }
}

/** The usual case: one confirmation half a minute later, which meets the first kept row if any. */
export function confirmed(
  draft: Draft,
  purchases: readonly PlannedPurchase[],
  money?: string,
): Planted {
  const byReceipt = purchases.some(({ fate }) => fate === 'kept') ? 1 : 0
  const change = money === undefined ? {} : { money }
  return { purchases, confirmations: [confirmationRow(draft, change)], byReceipt }
}

/** Quoted where a separator, quote or line break makes it necessary. */
export const cellOf = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

/** Micros with two decimals, or all six where they are needed. */
export function moneyText(micros: number): string {
  const cents = micros / 10_000
  return Number.isInteger(cents)
    ? `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`
    : (micros / 1_000_000).toFixed(6)
}

/** Seconds since 1970, which may be negative in no file, as `YYYY-MM-DDTHH:MM:SSZ`. */
export const timeText = (seconds: number): string => `${dayText(seconds)}T${clockText(seconds)}Z`

/** `HH:MM:SS` of seconds since 1970, in UTC. */
export const clockText = (seconds: number): string =>
  new Date(seconds * 1_000).toISOString().slice(11, 19)
