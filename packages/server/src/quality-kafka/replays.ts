import { fixedRecord, isFields, type RejectedWithBytes } from '../quality/quality.ts'
import type { Store } from '../store/store.ts'
import { idOf, keyOfId } from './ids.ts'
import type { Part, Stored } from './part.ts'
import { isStored } from './read-raw.ts'
import { findIds } from './stream-rows.ts'
import { findSales, soldBefore } from './transactions.ts'

/*
 * A refused event is put right by an event of the log, whose `event` is the fixed one and whose `stored`
 * is what lies around it. With a fingerprint it comes as if for the first time, and its id and its
 * store's transaction are compared; without one it stands in the place of what a rule refused, whose id
 * nobody else has, and keeps its times.
 */

/** What lies around an event that is put right. */
export type StoredReplay = Stored

/** Around an event that takes the place of one that a rule has refused. */
export function storedReplay(
  rejected: Pick<RejectedWithBytes, 'envelope'>,
  event: unknown,
): StoredReplay {
  const of = fixedRecord(rejected, event, rejected.envelope.offset)
  return {
    ...{ app: of.app, event_id: of.eventId, event_type: of.eventType, player_id: of.playerId },
    ...{ occurred_at: of.occurredAt, sent_at: of.sentAt, received_at: of.receivedAt },
    ...{ corrected_at: of.correctedAt, flags: of.flags, sdk: of.sdk, source: of.source },
    event,
  }
}

/**
 * The event that a replay lets in, with the replay's own offset: of all copies of that one counts. Null
 * where all that is said is which row of the embedded quality it was.
 */
export function replayedEvent({ event: said, offset, received_at: at }: Stored): Stored | null {
  const { stored, event } = isFields(said) ? said : {}
  if (!isStored(stored) || offset === undefined) return null
  const keepsTimes = stored.fingerprint === undefined
  // The event comes last, as in all that is stored.
  return { ...stored, offset, ...(keepsTimes ? { replayed_at: at } : {}), event }
}

/** Whether quality would tell such an event for one that came before, as far as it is now. */
export function cameBefore(
  analytics: Store,
  stored: StoredReplay,
): Promise<'same' | 'event-id-conflict' | 'transaction-conflict' | null> {
  const part: Part = { raw: [-1, -1], part: 0, is: 'event', player: stored.player_id, stored }
  const id = idOf(part)
  return analytics.transaction(async (tx) => {
    if (id === null) return null
    const [known] = await findIds(tx, [id])
    if (known && keyOfId(known) === keyOfId(id)) {
      return known.fingerprint === id.fingerprint ? 'same' : 'event-id-conflict'
    }
    const sold = soldBefore(part, await findSales(tx, part))
    return sold === 'other' ? 'transaction-conflict' : sold
  })
}
