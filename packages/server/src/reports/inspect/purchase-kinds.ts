import { campaignKey, foldName, present } from '../cells/cells.ts'
import { createTextNumbers } from '../texts/texts.ts'

/** What many purchases have in common: as read, but for the key. */
export type PurchaseKind = {
  readonly status: string
  readonly event: string
  /** What the event folds to. */
  readonly folded: string
  readonly campaign: string
  readonly campaignKey: string
}

type Names = Pick<PurchaseKind, 'status' | 'event' | 'campaign'>

/** The kinds that were met, by their numbers. */
export type PurchaseKinds = {
  numberOf(names: Names): number
  /** The number of the usual status with this event, and a campaign by its bytes. */
  plainNumberOf(event: 0 | 1, bytes: Buffer, from: number, to: number): number
  readonly kinds: readonly PurchaseKind[]
}

/** @param plain the usual status, and the two events that `plainNumberOf` means */
export function createPurchaseKinds(plain: {
  readonly status: string
  readonly events: readonly [string, string]
}): PurchaseKinds {
  const kinds: PurchaseKind[] = []
  const known = new Map<string, number>()
  const campaigns = createTextNumbers({ texts: 500, bytes: 10_000 })
  /** By campaign and event; undefined before it is met. */
  const plainKinds: (number | undefined)[] = []
  const numberOf = (names: Names): number => {
    const key = JSON.stringify([names.status, names.event, names.campaign])
    const found = known.get(key)
    if (found !== undefined) return found
    const { status, event, campaign } = names
    const meaning = { folded: foldName(event), campaignKey: campaignKey(present(campaign)) }
    known.set(key, kinds.length)
    return kinds.push({ status, event, campaign, ...meaning }) - 1
  }
  return {
    kinds,
    numberOf,
    plainNumberOf(event, bytes, from, to) {
      const place = campaigns.numberOf(bytes, from, to) * 2 + event
      const found = plainKinds[place]
      if (found !== undefined) return found
      const campaign = bytes.toString('utf8', from, to)
      const number = numberOf({ status: plain.status, event: plain.events[event], campaign })
      while (plainKinds.length <= place) plainKinds.push(undefined)
      plainKinds[place] = number
      return number
    },
  }
}
