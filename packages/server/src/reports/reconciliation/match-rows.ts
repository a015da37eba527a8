import { groupByPlayer } from './by-player.ts'
import { createMatches, type Matches, type Sides } from './matches.ts'
import { createTable, matchPlayer } from './player-matcher.ts'

/**
 * Rule 4: one-to-one, first by receipt at any distance, then by time within the window.
 * @param junkReceiptRows a receipt on more rows of one player, both sides together, is junk
 */
export function matchRows(sides: Sides, junkReceiptRows: number): Matches {
  const matches = createMatches(sides)
  const ours = groupByPlayer(sides.purchases, sides.purchaseMarks, sides.players)
  const theirs = groupByPlayer(sides.confirmations, sides.confirmationMarks, sides.players)
  const table = createTable(sides, matches, junkReceiptRows)
  for (let player = 0; player < sides.players; player += 1) {
    matchPlayer(table, ours, theirs, player)
  }
  return matches
}
