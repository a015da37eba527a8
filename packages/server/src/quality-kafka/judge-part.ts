import type { NewRecord } from '../kafka/kafka.ts'
import { type EnrichWith, enrichPart, rejectedRecord } from './enrich-part.ts'
import type { Part, PartOf } from './part.ts'
import type { Partition } from './partition.ts'
import type { StreamId } from './stream-rows.ts'

type Event = PartOf<'event'> | PartOf<'refused'>

/** Where a part is judged. */
export type Judging = {
  readonly own: Partition
  /** Of `events-by-player`. */
  readonly partition: number
  readonly offset: number
  /** Ids that have come, with what they stood for. Those of this part are added. */
  readonly ids: Map<string, string>
}

/** What a part becomes; null for nothing, as a copy does. Counts it, and changes what its partition knows. */
export const createPartJudge = (
  shared: Omit<EnrichWith, 'rateOf'>,
  onRejected: (reason: string) => void,
) => {
  const refuse = (at: Judging, part: PartOf<'refused'> | PartOf<'foreign'>) => {
    // A rule refuses an event for all of its players.
    if (part.part !== 0) return null
    onRejected(part.refused.reason)
    const { own } = at
    if (part.is === 'foreign') own.count(part.app, part.received_at, 'rejected')
    else count(own, part, 'rejected')
    return rejectedRecord(shared, at, part)
  }

  const conflict = (at: Judging, part: Event): NewRecord | null => {
    count(at.own, part, 'conflicts')
    if (part.part !== 0) return null
    onRejected('event-id-conflict')
    const refused = { reason: 'event-id-conflict', path: null, stage: 'door' } as const
    return rejectedRecord(shared, at, { ...part, is: 'refused', refused }, 'ids')
  }

  return (at: Judging, part: Part): NewRecord | null => {
    const { own, partition, offset, ids } = at
    if (part.is === 'rates') own.setRates(part)
    if (part.is === 'rates' || part.is === 'heartbeat') return null
    if (part.is === 'foreign') return refuse(at, part)
    const before = repeated(own, part, ids)
    if (before === 'other') return conflict(at, part)
    if (before === 'same') {
      count(own, part, 'duplicates')
      return null
    }
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
  if (part === 0 && stored.kind === undefined) own.count(stored.app, stored.received_at, what)
}

/** Null where the books have told copies already. */
export function idOf(part: Part): StreamId | null {
  if (part.is !== 'event' && part.is !== 'refused') return null
  const { app, event_id: eventId, fingerprint } = part.stored
  if (fingerprint === undefined || eventId === null) return null
  return { app, eventId, part: part.part, fingerprint }
}

export const keyOfId = ({ app, eventId, part }: Omit<StreamId, 'fingerprint'>): string =>
  `${part} ${eventId} ${app}`

/** Whether its id came before, and whether it said the same; from now on it has come. */
function repeated(own: Partition, part: Event, ids: Map<string, string>): 'same' | 'other' | null {
  const id = idOf(part)
  if (id === null) return null
  const before = ids.get(keyOfId(id))
  if (before !== undefined) return before === id.fingerprint ? 'same' : 'other'
  ids.set(keyOfId(id), id.fingerprint)
  own.keepId({ ...id, receivedAt: part.stored.received_at })
  return null
}
