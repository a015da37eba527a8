/** A text as an SQL literal. */
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

/** Texts as a comma-separated list of SQL literals. */
export const list = (values: Iterable<string>): string => [...values].map(text).join(', ')
