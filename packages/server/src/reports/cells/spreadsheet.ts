const RUNS = /^[=+\-@\t\r]/

/**
 * A text cell that a spreadsheet would run as a formula gets an apostrophe in front; any other is
 * itself. For texts of others only: our own numbers may begin with a minus.
 */
export function spreadsheetSafe(cell: string): string {
  return RUNS.test(cell) ? `'${cell}` : cell
}

/** A text of others as a cell of CSV, in quotes only where they are needed. */
export function csvCell(cell: string): string {
  const safe = spreadsheetSafe(cell)
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
