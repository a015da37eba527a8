import type { LineFile, Lines } from './line-file.ts'
import { createSheet } from './sheet.ts'

/**
 * A file that two threads print, piece by piece: one writes them in their order, and prints as well; the
 * other one prints ahead. Each piece is printed by whoever takes it first. All of it is shared memory.
 */
export type Pieces = {
  readonly count: number
  /** How many pieces are {@link TAKEN}, and how many are {@link WRITTEN}. */
  readonly turns: Int32Array
  /** By piece: 0 until it lies in its slot; then its bytes, plus one, or {@link TOO_LONG}. */
  readonly printed: Int32Array
  readonly slots: readonly Uint8Array[]
}

/** Prints one piece. */
export type PrintPiece = (lines: Lines, piece: number) => void

const TAKEN = 0
const WRITTEN = 1
/** The piece does not fit into a slot: whoever writes prints it again. */
const TOO_LONG = -1
const SLOTS = 8
const SLOT_BYTES = 1 << 20

export const createPieces = (count: number, slotBytes = SLOT_BYTES): Pieces => ({
  count,
  turns: new Int32Array(new SharedArrayBuffer(8)),
  printed: new Int32Array(new SharedArrayBuffer(count * 4)),
  slots: Array.from({ length: SLOTS }, () => new Uint8Array(new SharedArrayBuffer(slotBytes))),
})

const NONE_LEFT = -1
/** As many lie ahead as there are slots for. */
const NO_ROOM = -2

function take({ count, turns }: Pieces): number {
  for (;;) {
    const piece = Atomics.load(turns, TAKEN)
    if (piece === count) return NONE_LEFT
    if (piece - Atomics.load(turns, WRITTEN) >= SLOTS) return NO_ROOM
    if (Atomics.compareExchange(turns, TAKEN, piece, piece + 1) === piece) return piece
  }
}

/** Prints pieces into their slots until none is left. Rejects when `failure` does. */
export async function printAhead(
  pieces: Pieces,
  print: PrintPiece,
  failure: Promise<never>,
): Promise<void> {
  const lines = createLines()
  for (;;) {
    const written = Atomics.load(pieces.turns, WRITTEN)
    const piece = take(pieces)
    if (piece === NONE_LEFT) return
    if (piece === NO_ROOM) {
      await Promise.race([Atomics.waitAsync(pieces.turns, WRITTEN, written).value, failure])
    } else fillSlot(pieces, print, piece, lines)
  }
}

/** Writes all pieces in their order. Blocks while the next is printed elsewhere. */
export function writePieces(pieces: Pieces, print: PrintPiece, file: LineFile): void {
  const { count, turns, printed } = pieces
  const lines = createLines()
  let next = 0
  const end = (): void => {
    next += 1
    Atomics.store(turns, WRITTEN, next)
    Atomics.notify(turns, WRITTEN)
  }
  while (next < count) {
    if (Atomics.load(printed, next) !== 0) {
      writePiece(pieces, print, next, file)
      end()
      continue
    }
    const piece = take(pieces)
    if (piece === next) {
      print(file, piece)
      end()
    } else if (piece >= 0) fillSlot(pieces, print, piece, lines)
    else Atomics.wait(printed, next, 0)
  }
}

function writePiece({ printed, slots }: Pieces, print: PrintPiece, piece: number, file: LineFile) {
  const found = printed[piece] as number
  if (found === TOO_LONG) print(file, piece)
  else file.append((slots[piece % SLOTS] as Uint8Array).subarray(0, found - 1))
}

function fillSlot({ printed, slots }: Pieces, print: PrintPiece, piece: number, lines: Lines) {
  const { sheet } = lines
  const slot = slots[piece % SLOTS] as Uint8Array
  sheet.at = 0
  print(lines, piece)
  const fits = sheet.at <= slot.length
  // Printed elsewhere first: V8 copies small pieces into shared memory ten times as slowly.
  if (fits) slot.set(sheet.bytes.subarray(0, sheet.at))
  Atomics.store(printed, piece, fits ? sheet.at + 1 : TOO_LONG)
  Atomics.notify(printed, piece)
}

/** Lines that stay in memory. */
function createLines(): Lines {
  const sheet = createSheet(SLOT_BYTES)
  return {
    sheet,
    makeRoom(bytes) {
      if (sheet.at + bytes <= sheet.bytes.length) return
      const wider = new Uint8Array((sheet.at + bytes) * 2)
      wider.set(sheet.bytes.subarray(0, sheet.at))
      sheet.bytes = wider
    },
  }
}
