export type Largest = {
  /** Ranks are offered in their order. */
  offer(rank: number, size: number): void
  /** The largest first; of equal ones that which was offered first. */
  ranks(): readonly number[]
}

/** Keeps the few largest of many. */
export function createLargest(max: number): Largest {
  const found: { readonly rank: number; readonly size: number }[] = []
  let least = Number.NEGATIVE_INFINITY
  return {
    offer(rank, size) {
      if (size <= least) return
      const at = found.findIndex((other) => other.size < size)
      found.splice(at === -1 ? found.length : at, 0, { rank, size })
      if (found.length > max) found.pop()
      if (found.length === max) least = found.at(-1)?.size ?? least
    },
    ranks: () => found.map(({ rank }) => rank),
  }
}
