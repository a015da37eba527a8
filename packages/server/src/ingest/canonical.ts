import { hash } from 'node:crypto'

type Fields = Readonly<Record<string, unknown>>

/**
 * 8 bytes, as Latin-1, that name what an event says: of SHA-256 over its canonical JSON, in which the
 * names of each object are sorted, those that are whole numbers first and by value, as JavaScript
 * itself orders them, the others by UTF-16 code units; the rest is as JSON.stringify writes it.
 * @throws TooDeepError
 */
export const fingerprintOf = (event: Fields): string =>
  // As text it takes half the time that a Buffer takes.
  hash('sha256', canonicalJson(event), 'latin1').slice(0, FINGERPRINT_BYTES)

const FINGERPRINT_BYTES = 8

/** Deeper than any event of a game; what is deeper could end the stack of whoever reads it. */
export const DEPTH_MAX = 64

export class TooDeepError extends Error {}

/**
 * Serialising a sorted copy as a whole and hashing it takes 1.8 µs for an event of 15 fields, writing
 * the text value by value 2.1.
 * @throws TooDeepError
 */
export const canonicalJson = (value: unknown): string => JSON.stringify(sorted(value, 0))

function sorted(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth > DEPTH_MAX) throw new TooDeepError(`deeper than ${DEPTH_MAX}`)
  if (Array.isArray(value)) return value.map((each) => sorted(each, depth + 1))
  const fields = value as Fields
  const copy: Record<string, unknown> = {}
  for (const name of sortedNames(Object.keys(value))) {
    const inner = fields[name]
    const value = typeof inner === 'object' ? sorted(inner, depth + 1) : inner
    if (name !== '__proto__') copy[name] = value
    // By assignment it would become the copy's prototype.
    else Object.defineProperty(copy, name, { value, enumerable: true })
  }
  return copy
}

/**
 * Events of one build have the same few lists of names, so each is sorted once: comparing a list with
 * the last ones of its length takes 0.04 µs, sorting it 0.6. Few and short ones are kept, since a client
 * may make up names, and memory is not its to take.
 */
const known: Sorting[][] = []
const NAMES_MAX = 64
const CHARS_MAX = 1_000
const SAME_LENGTH_MAX = 8

type Sorting = { readonly names: readonly string[]; readonly sorted: readonly string[] }

function sortedNames(names: readonly string[]): readonly string[] {
  const sameLength = known[names.length] ?? []
  for (const one of sameLength) if (areEqual(one.names, names)) return one.sorted
  const order = names.toSorted(byCodeUnits)
  if (names.length <= NAMES_MAX && names.join('').length <= CHARS_MAX) {
    known[names.length] = [{ names, sorted: order }, ...sameLength.slice(0, SAME_LENGTH_MAX - 1)]
  }
  return order
}

/** Two lists of one length. */
function areEqual(one: readonly string[], other: readonly string[]): boolean {
  for (let i = 0; i < one.length; i += 1) if (one[i] !== other[i]) return false
  return true
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : 1)
