/** The cells of a row as they stand in the file, which is read again for the few rows that need it. */
export type ReadAgain = (row: number) => readonly string[]

/** By UTF-8 bytes, an empty text last. */
export function compareRead(a: string, b: string): number {
  if (a === '' || b === '') return b.length - a.length
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}
