export type QueueSettings = {
  /** Events that may wait for a commit. */
  readonly queueEventsMax: number
  /** Bytes of their requests, inflated. */
  readonly queueBytesMax: number
}

/** What waits for a commit, bounded: what would go beyond is told to come again, and loses nothing. */
export function createQueue({ queueEventsMax, queueBytesMax }: QueueSettings) {
  let events = 0
  let bytes = 0
  return {
    isFull: () => events >= queueEventsMax || bytes >= queueBytesMax,
    /** Null when there is no room. What comes alone finds room in any case. */
    take(moreEvents: number, moreBytes: number): (() => void) | null {
      const isAlone = events === 0
      const fits = events + moreEvents <= queueEventsMax && bytes + moreBytes <= queueBytesMax
      if (!fits && !isAlone) return null
      events += moreEvents
      bytes += moreBytes
      return () => {
        events -= moreEvents
        bytes -= moreBytes
      }
    },
    waiting: () => ({ events, bytes }),
  }
}
