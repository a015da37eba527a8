/** A JSON object that is being put together. */
export type Json = { readonly [name: string]: unknown }

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The bytes of a generated file: the same object gives the same text. */
export const jsonText = (value: Json): string => `${JSON.stringify(value, null, 2)}\n`
