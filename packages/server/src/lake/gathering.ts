export type GatheringSettings = {
  /** A batch has about so many events, unless it is written earlier. */
  readonly batchEvents: number
  /** The oldest event of a batch waits no longer than this, in milliseconds; 0 writes what there is. */
  readonly batchMs: number
}

/** How long events are gathered before they become a batch. */
export function createGathering(
  clock: { monotonic(): number },
  { batchEvents, batchMs }: GatheringSettings,
) {
  let since: number | null = null
  return {
    /**
     * @param pending events that are in no file yet
     * @param asked the last offset that somebody waits for
     * @param upto the last one that is in a file
     */
    isDue(pending: number, asked: number, upto: number): boolean {
      if (pending <= 0) {
        since = null
        return false
      }
      const now = clock.monotonic()
      since ??= now
      return pending >= batchEvents || now - since >= batchMs || asked > upto
    },
    /** @param from when writing began, by the monotonic clock: what came meanwhile has waited since */
    reset(from: number | null = null): void {
      since = from
    },
  }
}
