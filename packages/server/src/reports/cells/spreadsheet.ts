const RUNS = /^[=+\-@\t\r]/

/**
 * A text cell that a spreadsheet would run as a formula gets an apostrophe in front; any other is
 * itself. For texts of others only: our own numbers may begin with a minus.
 */
export function spreadsheetSafe(cell: string): string {
  return RUNS.test(cell) ? `'${cell}` : cell
}
