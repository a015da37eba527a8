/** What a number is counted in. Other readers find it in the schema, and a change of it is a new model. */
export type Unit = 'micros' | 'ms' | 's' | 'bytes' | 'USD'

/** JSON Schema has no word for it, and tools that are strict about words allow this one. */
export const inUnit = (unit: Unit) => ({ $comment: `unit: ${unit}` })
