import type { FileTruth, FilterReason, RejectReason } from './truth.ts'

/** Where a planned row must end. */
export type Fate =
  | 'kept'
  | 'duplicate'
  | { readonly filtered: FilterReason }
  | { readonly rejected: RejectReason }

export type FileTally = {
  /** Counts `rows` rows of this fate. */
  add(fate: Fate, rows?: number): void
  truth(): FileTruth
}

export function createFileTally(): FileTally {
  let kept = 0
  let duplicates = 0
  const filtered = new Map<FilterReason, number>()
  const rejected = new Map<RejectReason, number>()
  return {
    add(fate, rows = 1) {
      if (fate === 'kept') kept += rows
      else if (fate === 'duplicate') duplicates += rows
      else if ('filtered' in fate) raise(filtered, fate.filtered, rows)
      else raise(rejected, fate.rejected, rows)
    },
    truth: () => ({
      rowsIn: kept + duplicates + sum(filtered) + sum(rejected),
      ...{ kept, duplicates },
      filtered: Object.fromEntries(filtered),
      rejected: Object.fromEntries(rejected),
    }),
  }
}

export function raise<K>(counts: Map<K, number>, key: K, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by)
}

const sum = (counts: ReadonlyMap<unknown, number>): number => {
  let total = 0
  for (const count of counts.values()) total += count
  return total
}
