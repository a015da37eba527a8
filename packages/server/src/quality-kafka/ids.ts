import type { Part } from './part.ts'
import type { StreamId } from './stream-rows.ts'

/** Null where the books have told copies already. */
export function idOf(part: Part): StreamId | null {
  if (part.is !== 'event' && part.is !== 'refused') return null
  const { app, event_id: eventId, fingerprint } = part.stored
  if (fingerprint === undefined || eventId === null) return null
  return { app, eventId, part: part.part, fingerprint }
}

export const keyOfId = ({ app, eventId, part }: Omit<StreamId, 'fingerprint'>): string =>
  `${part} ${eventId} ${app}`
