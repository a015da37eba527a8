import type { RejectedRow } from '../runs/runs.ts'

/** Where the records of one file ended; what is in neither map is kept or a duplicate. */
export type Fates = {
  readonly filtered: ReadonlyMap<string, number>
  readonly rejected: ReadonlyMap<string, number>
  readonly records: number
}

export type FateBook = {
  /** One more record; each is counted once, whatever becomes of it. */
  record(): void
  filter(reason: string): void
  reject(row: Omit<RejectedRow, 'reason'>, reason: string): void
  fates(): Fates
}

/** @param onRejected gets each row as it is rejected */
export function createFateBook(onRejected: (row: RejectedRow) => void): FateBook {
  const filtered = new Map<string, number>()
  const rejected = new Map<string, number>()
  let records = 0
  return {
    record() {
      records += 1
    },
    filter: (reason) => count(filtered, reason),
    reject({ line, raw }, reason) {
      count(rejected, reason)
      onRejected({ line, reason, raw })
    },
    fates: () => ({ filtered, rejected, records }),
  }
}

function count(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1)
}
