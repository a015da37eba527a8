import type { Chargeback } from '../inspect/inspect.ts'
import { createBytes } from '../texts/texts.ts'
import type { Rows } from './rows.ts'

/** What takes a purchase back: no row, rows of its own player, or also one of another player. */
export const CHARGEBACK = { none: 0, own: 1, foreign: 2 } as const

/** Who takes a receipt back: a player by number, nobody that is named, or several. */
const NOBODY = -1
const SEVERAL = -2

/** Rule 3: by rank, the {@link CHARGEBACK} of its receipt. */
export function chargebacksOf(
  { count, players, receipts }: Pick<Rows, 'count' | 'players' | 'receipts'>,
  chargebacks: readonly Chargeback[],
): Uint8Array {
  const found = createBytes(count)
  const table = createTable(chargebacks)
  for (let rank = 0; rank < count; rank += 1) {
    const by = table.find(receipts[rank * 2] as number, receipts[rank * 2 + 1] as number)
    if (by === null) continue
    found[rank] = by === NOBODY || by === players[rank] ? CHARGEBACK.own : CHARGEBACK.foreign
  }
  return found
}

/** By the receipt's hash. */
function createTable(chargebacks: readonly Chargeback[]) {
  const mask = 2 ** Math.ceil(Math.log2(chargebacks.length * 2 + 2)) - 1
  const slots = new Int32Array(mask + 1)
  const players = Int32Array.from(chargebacks, ({ player }) => player)
  const slotOf = (low: number, high: number): number => {
    let slot = low & mask
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const [ownLow, ownHigh] = chargebacks[(slots[slot] as number) - 1]?.receipt ?? [0, 0]
      if (ownLow === low && ownHigh === high) break
    }
    return slot
  }
  chargebacks.forEach(({ receipt: [low, high], player }, index) => {
    const slot = slotOf(low, high)
    if (slots[slot] === 0) {
      slots[slot] = index + 1
      return
    }
    const first = (slots[slot] as number) - 1
    if (players[first] === NOBODY) players[first] = player
    else if (player !== NOBODY && players[first] !== player) players[first] = SEVERAL
  })
  return {
    find(low: number, high: number): number | null {
      const held = slots[slotOf(low, high)] as number
      return held === 0 ? null : (players[held - 1] as number)
    },
  }
}
