import { type Sink, SinkFailure } from './sink.ts'

/**
 * Asks once for each lane whether the sink has more than the lane: then the lane is not the one that was
 * sent, as after a restore of older books, and its next records would be taken for those that are there.
 */
export function createLaneCheck(sink: Sink) {
  const checked = new Set<string>()
  return {
    /**
     * @param newest position of the last record that the lane has
     * @throws SinkFailure
     */
    async check(lane: string, newest: () => Promise<number>, signal: AbortSignal): Promise<void> {
      if (checked.has(lane)) return
      const there = await sink.position(lane, signal)
      // After the question, so that what was sent meanwhile is not taken for too much.
      const last = await newest()
      if (there !== null && there > last) {
        throw new SinkFailure(
          `${lane} ends at ${last}, and ${there} was sent already: it is not the same any more, and needs another channel`,
          false,
        )
      }
      checked.add(lane)
    },
    forget: (): void => checked.clear(),
  }
}
