import type { Machine } from './host.ts'

/** Random hexadecimal digits; a number between `from` and `below` where these are given. */
const randomHex = (
  { random }: Pick<Machine, 'random'>,
  digits: number,
  from = 0,
  below = 16 ** digits,
): string => (from + Math.floor(random() * (below - from))).toString(16).padStart(digits, '0')

/** A UUIDv7 (RFC 9562): ids of one time lie together in the server's index. */
export function uuidv7(machine: Pick<Machine, 'now' | 'random'>): string {
  const time = Math.max(0, Math.floor(machine.now())).toString(16).padStart(12, '0').slice(-12)
  // 24 bits at a time: a seeded generator of 32 bits fills them as well as a better one.
  const [a, b, c, d] = [
    randomHex(machine, 3),
    randomHex(machine, 4, 0x8000, 0xc000),
    randomHex(machine, 6),
    randomHex(machine, 6),
  ]
  return `${time.slice(0, 8)}-${time.slice(8)}-7${a}-${b}-${c}${d}`
}
