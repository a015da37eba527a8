/** GameAnalytics takes no longer ones. */
const CHARS_MAX = 250

/** Texts of `chars` characters in all, the same for the same number, that gzip makes little of. */
export function textsOf(seed: number, chars: number): readonly string[] {
  let state = seed + 1
  const letters = (length: number): string => {
    let text = ''
    while (text.length < length) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      text += state.toString(36)
    }
    return text.slice(0, length)
  }
  const count = Math.ceil(chars / CHARS_MAX)
  return Array.from({ length: count }, (_, n) =>
    letters(Math.min(CHARS_MAX, chars - n * CHARS_MAX)),
  )
}
