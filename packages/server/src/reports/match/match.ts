// Which purchase belongs to which confirmation: one to one, the most pairs first, then the least sum
// of distances, then the lexicographically smallest list of pairs in row order. Exact, never greedy.
// Knows nothing of files or money: sorted arrays of instants go in, pairs of rows come out.
// Costs: 0.1 µs a row in groups of a few rows; a large group takes rows * sqrt(rows), see band.ts.
export { type Aligner, createAligner } from './aligner.ts'
export { createPairList, type PairList } from './pair-list.ts'
