export type Largest<T> = {
  /** Ranks are offered in their order. */
  offer(size: number, rank: number): void
  /** Makes what is shown of the ranks that were found since; these may mean other rows afterwards. */
  keep(show: (rank: number) => T): void
  /** The largest first; of equal ones that which was offered first. */
  kept(): readonly T[]
}

/** Keeps the few largest of many. */
export function createLargest<T>(max: number): Largest<T> {
  const found: { readonly size: number; readonly rank: number; shown?: T }[] = []
  let least = Number.NEGATIVE_INFINITY
  return {
    offer(size, rank) {
      if (size <= least) return
      const at = found.findIndex((other) => other.size < size)
      found.splice(at === -1 ? found.length : at, 0, { size, rank })
      if (found.length > max) found.pop()
      if (found.length === max) least = found.at(-1)?.size ?? least
    },
    keep(show) {
      for (const one of found) one.shown ??= show(one.rank)
    },
    kept: () => found.flatMap(({ shown }) => (shown === undefined ? [] : [shown])),
  }
}
