// What two columns of one table differ in, named by the key of each row.

export type Row = Readonly<Record<string, unknown>>

/** A longer list helps nobody; how many more there are is said. */
const SHOWN_MAX = 20

/**
 * A line for each key whose rows are not the same on both sides: missing, too many, doubled or changed.
 * Values are compared as texts: the same integer is a number on one side and a bigint on the other.
 * @param keys columns that tell rows apart
 */
export function differences(
  ours: readonly Row[],
  theirs: readonly Row[],
  keys: readonly string[],
): readonly string[] {
  const keyOf = (row: Row): string => keys.map((name) => textOf(row[name])).join(' · ')
  const [found, expected] = [Map.groupBy(ours, keyOf), Map.groupBy(theirs, keyOf)]
  const all = [...new Set([...expected.keys(), ...found.keys()])].sort()
  const lines = all.flatMap((key) => {
    const what = differenceOf(found.get(key) ?? [], expected.get(key) ?? [])
    return what === null ? [] : [`${key}: ${what}`]
  })
  const more = lines.length - SHOWN_MAX
  return more > 0 ? [...lines.slice(0, SHOWN_MAX), `and ${more} more`] : lines
}

function differenceOf(found: readonly Row[], expected: readonly Row[]): string | null {
  if (found.length === 0) return 'is missing'
  if (expected.length === 0) return 'is too many'
  if (found.length !== expected.length)
    return `stands ${found.length} times, not ${expected.length}`
  const [ours, theirs] = [inOrder(found), inOrder(expected)]
  const changed = ours.flatMap((row, index) => changedIn(row, theirs[index] ?? {}))
  return changed.length === 0 ? null : `is changed: ${[...new Set(changed)].join(', ')}`
}

const inOrder = (rows: readonly Row[]): readonly Row[] =>
  rows.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1))

const changedIn = (row: Row, other: Row): readonly string[] =>
  [...new Set([...Object.keys(row), ...Object.keys(other)])]
    .filter((name) => textOf(row[name]) !== textOf(other[name]))
    .map((name) => `${name} is ${textOf(row[name])}, not ${textOf(other[name])}`)

/** The same text for the same value, whichever database or JSON it came from. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return value.toISOString()
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, of]) => `${name}: ${textOf(of)}`).join(', ')}}`
}
