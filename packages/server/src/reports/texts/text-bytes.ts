/** Texts by number, as UTF-8: text i is `bytes` from `starts[i]` up to `starts[i + 1]`. */
export type Texts = {
  readonly bytes: Uint8Array
  readonly starts: Uint32Array
}

/** No text at all, for whoever looks for one later. */
export const NO_TEXTS: Texts = { bytes: new Uint8Array(0), starts: new Uint32Array(1) }

/** In bytes. */
export const lengthOf = ({ starts }: Texts, index: number): number =>
  (starts[index + 1] as number) - (starts[index] as number)

/** Any number for an empty text: a look that brings a text into the cache. */
export const firstByte = ({ bytes, starts }: Texts, index: number): number =>
  bytes[starts[index] as number] as number

/** Whether text `index` is not empty. */
export const hasText = ({ starts }: Texts, index: number): boolean =>
  starts[index] !== starts[index + 1]

/** As a string. */
export function textOf({ bytes, starts }: Texts, index: number): string {
  const [from = 0, to = 0] = starts.subarray(index, index + 2)
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8')
}

/** By UTF-8 bytes, an empty text last: below 0 when text `a` comes before text `b`. */
export function compareTexts({ bytes, starts }: Texts, a: number, b: number): number {
  const fromA = starts[a] as number
  const fromB = starts[b] as number
  const lengthA = (starts[a + 1] as number) - fromA
  const lengthB = (starts[b + 1] as number) - fromB
  if (lengthA === 0 || lengthB === 0) return lengthB - lengthA
  const length = Math.min(lengthA, lengthB)
  for (let i = 0; i < length; i += 1) {
    const difference = (bytes[fromA + i] as number) - (bytes[fromB + i] as number)
    if (difference !== 0) return difference
  }
  return lengthA - lengthB
}

/** Copies bytes `from` to `to`: of a few dozen bytes `set` takes four times as long. */
export function copyBytes(
  source: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
): void {
  const shift = at - from
  for (let i = from; i < to; i += 1) target[i + shift] = source[i] as number
}

/**
 * Looks at the first byte of texts, so that they are in the cache when they are used. Looks that follow
 * each other directly wait for memory together; on the way through a line each waits alone, which was
 * half the time of writing it. The answer means nothing; a look without one might be left out.
 */
export function touch(texts: Texts, indexes: Int32Array, from: number, to: number): number {
  let sum = 0
  const end = Math.min(to, indexes.length)
  for (let i = from; i < end; i += 1) sum += firstByte(texts, indexes[i] as number)
  return sum
}
