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
 * Serialising a sorted copy as a whole takes 1.9 µs for an event of 15 fields, writing the text value
 * by value 2.6.
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
 * Events of one build have the same few lists of names, so each is sorted once. Emptied when full:
 * a client may make up names, and memory is not its to take.
 */
const known = new Map<string, readonly string[]>()
const KNOWN_MAX = 1_000
const KNOWN_CHARS_MAX = 1_000

function sortedNames(names: readonly string[]): readonly string[] {
  const list = names.join('\n')
  const before = known.get(list)
  // A name with a line break could stand for two.
  if (before !== undefined && before.length === names.length) return before
  const order = names.toSorted(byCodeUnits)
  if (list.length > KNOWN_CHARS_MAX || names.some((name) => name.includes('\n'))) return order
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(list, order)
  return order
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : 1)
