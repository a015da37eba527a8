import { type Random, randomText } from '../platform/platform.ts'

export type Dice = {
  /** A whole number, both ends included. */
  between(min: number, max: number): number
  /** Whether something of this probability happens. */
  chance(probability: number): boolean
  pick<T>(from: readonly [T, ...T[]]): T
  /** Unguessable text: an id, a key, a secret. */
  text(bytes: number): string
}

export function createDice(random: Random): Dice {
  const unit = (): number => random.bytes(4).readUInt32BE() / 2 ** 32
  const between = (min: number, max: number): number => min + Math.floor(unit() * (max - min + 1))
  return {
    between,
    chance: (probability) => unit() < probability,
    pick: (from) => from[between(0, from.length - 1)] ?? from[0],
    text: (bytes) => randomText(random, bytes),
  }
}
