import { mix } from './chance.ts'
import { type CsvBytes, putByte, putBytes, putDigits } from './csv-bytes.ts'

/**
 * Ids and receipts from numbers, each both as bytes (for the plain rows) and as text (for the others).
 * Unlike numbers give unlike names: the multipliers are coprime to their moduli.
 */
export type Names = {
  putPlayer(out: CsvBytes, player: number): void
  /** An id that no player has. */
  putStranger(out: CsvBytes, purchase: number): void
  putReceipt(out: CsvBytes, purchase: number): void
  putUser(out: CsvBytes, user: number): void
  player(player: number): string
  stranger(purchase: number): string
  receipt(purchase: number): string
  user(user: number): string
}

/** More purchases than this would have receipts in common. */
export const PURCHASES_MAX = 90_000_000

const MULTIPLIER = 61_803_397
const PLAYERS = 90_000_000
const RECEIPTS = 100_000_000
const [DASH, DOT, P, USER] = [45, 46, Buffer.from('GPA'), 112]
/** The first two digits of an id are the year of the installation: no player has a stranger's. */
const YEARS = { player: 16, stranger: 17 }

export function createNames(key: () => number): Names {
  const keys = { id: key(), receipt: key() }
  const putId = (out: CsvBytes, number: number, year: number): void => {
    putDigits(out, year, 2)
    putDigits(out, mix(number, keys.id) % 1_000_000_000, 11)
    putByte(out, DASH)
    putDigits(out, 10_000_000 + ((number * MULTIPLIER) % PLAYERS), 8)
  }
  const putPlayer: Names['putPlayer'] = (out, player) => putId(out, player, YEARS.player)
  const putStranger: Names['putStranger'] = (out, purchase) => putId(out, purchase, YEARS.stranger)
  const putReceipt: Names['putReceipt'] = (out, purchase) => {
    const unique = (purchase * MULTIPLIER) % RECEIPTS
    const rest = mix(purchase, keys.receipt) % 1_000_000_000
    putBytes(out, P)
    putByte(out, DOT)
    putDigits(out, Math.floor(unique / 10_000), 4)
    putByte(out, DASH)
    putDigits(out, unique % 10_000, 4)
    putByte(out, DASH)
    putDigits(out, Math.floor(rest / 100_000), 4)
    putByte(out, DASH)
    putDigits(out, rest % 100_000, 5)
  }
  const putUser: Names['putUser'] = (out, user) => {
    putByte(out, USER)
    putByte(out, 95)
    putDigits(out, user, 9)
  }
  const scratch: CsvBytes = { to: Buffer.alloc(64), at: 0, lineEnd: '\n' }
  const asText =
    (put: (out: CsvBytes, number: number) => void) =>
    (number: number): string => {
      scratch.at = 0
      put(scratch, number)
      return scratch.to.toString('latin1', 0, scratch.at)
    }
  return {
    ...{ putPlayer, putStranger, putReceipt, putUser },
    ...{ player: asText(putPlayer), stranger: asText(putStranger) },
    ...{ receipt: asText(putReceipt), user: asText(putUser) },
  }
}
