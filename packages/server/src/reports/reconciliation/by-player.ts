import { MARK, type Rows } from '../clean/clean.ts'

/** The kept rows of one side, grouped by player: ranks in row order within each. */
export type ByPlayer = {
  readonly ranks: Int32Array
  /** The rows of player i are `ranks[from[i]]` up to, without it, `ranks[from[i + 1]]`. */
  readonly from: Int32Array
}

/** A counting sort: stable, so that row order stays within a player. */
export function groupByPlayer(rows: Rows, marks: Uint8Array, players: number): ByPlayer {
  const from = new Int32Array(players + 1)
  for (let rank = 0; rank < rows.count; rank += 1) {
    if (isKept(marks, rank)) add(from, (rows.players[rank] as number) + 1, 1)
  }
  for (let player = 0; player < players; player += 1) add(from, player + 1, from[player] as number)
  const next = from.slice()
  const ranks = new Int32Array(from[players] as number)
  for (let rank = 0; rank < rows.count; rank += 1) {
    if (!isKept(marks, rank)) continue
    const player = rows.players[rank] as number
    ranks[next[player] as number] = rank
    add(next, player, 1)
  }
  return { ranks, from }
}

const isKept = (marks: Uint8Array, rank: number): boolean =>
  ((marks[rank] as number) & MARK.duplicate) === 0

const add = (counts: Int32Array, index: number, by: number): void => {
  counts[index] = (counts[index] as number) + by
}
