import { trimmed } from './white-space.ts'

/** What exports write where there is nothing. */
const NOTHING = /^(?:null|n\/a)$/i

/** The trimmed text of a cell, empty when it says that there is nothing: blank, `null` or `N/A`. */
export function present(text: string): string {
  const own = trimmed(text)
  return NOTHING.test(own) ? '' : own
}
