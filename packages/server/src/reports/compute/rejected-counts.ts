import type { RejectedRows } from '../rejected/rejected.ts'
import type { ComputeRequest, RejectedRow } from '../runs/runs.ts'

/** Rows that go to `rejected_rows.csv`, counted as they stand there. */
export type RejectedCounts = {
  /** Takes rows of one file (its name) from here on; what was taken of this file before is forgotten. */
  begin(file: string): (row: RejectedRow) => void
  /** By the reason that stands there. */
  ofFile(file: string): ReadonlyMap<string, number>
}

export function countRejected(
  rejected: RejectedRows,
  { describeRejected }: Pick<ComputeRequest, 'describeRejected'>,
): RejectedCounts {
  const files = new Map<string, Map<string, number>>()
  return {
    begin(file) {
      const write = rejected.begin(file)
      const counts = new Map<string, number>()
      files.set(file, counts)
      return (row) => {
        const shown = describeRejected?.(file, row) ?? row
        counts.set(shown.reason, (counts.get(shown.reason) ?? 0) + 1)
        write(shown)
      }
    },
    ofFile: (file) => files.get(file) ?? new Map(),
  }
}
