import type { NewRecord } from '../kafka/kafka.ts'
import { type EnrichWith, enrichPart, rejectedRecord } from './enrich-part.ts'
import type { RejectedRecord } from './enriched-record.ts'
import { idOf, keyOfId } from './ids.ts'
import type { Part, PartOf } from './part.ts'
import type { Partition } from './partition.ts'
import { rejectedRow } from './rejected-rows.ts'
import { type Sales, soldBefore } from './transactions.ts'

type Event = PartOf<'event'> | PartOf<'refused'>

/** Where a part is judged. */
export type Judging = {
  readonly own: Partition
  /** Of `events-by-player`. */
  readonly partition: number
  readonly offset: number
  /** Ids that have come, with what they stood for. Those of this part are added. */
  readonly ids: Map<string, string>
  /** The events to which the stores' transactions of all parts belong. */
  readonly sales: Sales
  /** The part as it was read. */
  readonly text: string
}

/** What a part becomes; null for nothing, as a copy does. Counts it, and changes what its partition knows. */
export const createPartJudge = (
  shared: Omit<EnrichWith, 'rateOf'>,
  onRejected: (reason: string) => void,
) => {
  const reject = (
    at: Judging,
    part: PartOf<'refused'> | PartOf<'foreign'>,
    stage: RejectedRecord['stage'] = part.refused.stage,
  ): NewRecord => {
    onRejected(part.refused.reason)
    at.own.keepRejected(rejectedRow(part, at.text, shared.topics['events-raw'], stage))
    return rejectedRecord(shared, at, part, stage)
  }

  const refuse = (at: Judging, part: PartOf<'refused'> | PartOf<'foreign'>) => {
    // A rule refuses an event for all of its players.
    if (part.part !== 0) return null
    const { own } = at
    if (part.is === 'foreign') own.count(part.app, part.received_at, 'rejected')
    // In the place of one that is counted.
    else if (part.stored.replayed_at === undefined) count(own, part, 'rejected')
    return reject(at, part)
  }

  const conflict = (at: Judging, part: Event, reason: string): NewRecord | null => {
    count(at.own, part, 'conflicts')
    if (part.part !== 0) return null
    const refused = { reason, path: null, stage: 'door' } as const
    return reject(at, { ...part, is: 'refused', refused }, 'ids')
  }

  return (at: Judging, part: Part): NewRecord | null => {
    const { own, partition, offset } = at
    if (part.is === 'rates') own.setRates(part)
    if (part.is === 'rates' || part.is === 'heartbeat') return null
    if (part.is === 'foreign') return refuse(at, part)
    const before = repeated(at, part)
    if (before === 'same') {
      count(own, part, 'duplicates')
      return null
    }
    if (before !== null) return conflict(at, part, before)
    if (part.is === 'refused') return refuse(at, part)
    const made = enrichPart({ ...shared, rateOf: own.rateOf }, { partition, offset }, part)
    if (made === null) return null
    if ('is' in made) return refuse(at, made)
    count(own, part, 'enriched')
    return made
  }
}

/** Counts an event that a game has sent, once for all of its players. */
function count(own: Partition, { part, stored }: Event, what: Parameters<Partition['count']>[2]) {
  if (part !== 0 || stored.kind !== undefined) return
  own.count(stored.app, stored.received_at, what)
  const isMended = stored.replayed_at !== undefined && what === 'enriched'
  if (isMended) own.count(stored.app, stored.received_at, 'rejected', -1)
}

/**
 * Whether it came before, and said the same or not, and then why it is refused. Of what is new the id
 * has come from now on; what another event has sold before does not take its id.
 */
function repeated(
  { own, ids, sales }: Judging,
  part: Event,
): 'same' | 'event-id-conflict' | 'transaction-conflict' | null {
  const id = idOf(part)
  if (id === null) return null
  const before = ids.get(keyOfId(id))
  if (before !== undefined) return before === id.fingerprint ? 'same' : 'event-id-conflict'
  const sold = soldBefore(part, sales)
  if (sold !== null) return sold === 'same' ? 'same' : 'transaction-conflict'
  ids.set(keyOfId(id), id.fingerprint)
  own.keepId({ ...id, receivedAt: part.stored.received_at })
  return null
}
