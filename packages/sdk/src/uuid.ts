import type { Host } from './host.ts'

/** A UUIDv7 (RFC 9562): ids of one time lie together in the server's index. */
export function uuidv7({ now, random }: Pick<Host, 'now' | 'random'>): string {
  // 24 bits at a time: a seeded generator of 32 bits fills them as well as a better one.
  const hex = (digits: number, from = 0, below = 16 ** digits): string =>
    Math.floor(from + random() * (below - from))
      .toString(16)
      .padStart(digits, '0')
  const time = Math.max(0, Math.floor(now())).toString(16).padStart(12, '0').slice(-12)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${hex(4, 0x8000, 0xc000)}-${hex(6)}${hex(6)}`
}
