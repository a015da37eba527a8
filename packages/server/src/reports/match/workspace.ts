/**
 * Memory of one aligner: it grows to the largest problem seen and is used again, so that a group of
 * rows allocates nothing. A problem is `n` purchases and `m` confirmations, by position in it.
 */
export type Workspace = {
  /** Instants in microseconds from an origin of the problem, ascending; exact. */
  purchases: Float64Array
  confirmations: Float64Array
  /** Purchase i may pair with the confirmations `lows[i]` to `highs[i] - 1`; both never fall. */
  lows: Int32Array
  highs: Int32Array
  /** Best result of the rows from the swept purchase on and the confirmations from j on. */
  counts: Int32Array
  sums: Float64Array
  /** One byte for each cell of the rows that are being traced. */
  decisions: Uint8Array
}

/** A workspace for problems of a few rows; it grows on need. */
export function createWorkspace(): Workspace {
  return {
    purchases: new Float64Array(64),
    confirmations: new Float64Array(64),
    lows: new Int32Array(64),
    highs: new Int32Array(64),
    counts: new Int32Array(65),
    sums: new Float64Array(65),
    decisions: new Uint8Array(4_096),
  }
}

/** Makes room for `n` purchases and `m` confirmations; what was in it is lost when it grows. */
export function reserve(space: Workspace, n: number, m: number): void {
  if (space.purchases.length < n) {
    const room = n + (n >> 1)
    space.purchases = new Float64Array(room)
    space.lows = new Int32Array(room)
    space.highs = new Int32Array(room)
  }
  if (space.confirmations.length < m) {
    const room = m + (m >> 1)
    space.confirmations = new Float64Array(room)
    space.counts = new Int32Array(room + 1)
    space.sums = new Float64Array(room + 1)
  }
}

/** Makes room for the decisions of that many cells. */
export function reserveDecisions(space: Workspace, cells: number): void {
  if (space.decisions.length < cells) space.decisions = new Uint8Array(cells)
}
