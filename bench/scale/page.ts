import type { Tables } from './tables.ts'

const begin = (name: string): string => `<!-- bench/scale: ${name} -->`
const END = '<!-- end -->'

/**
 * A page with its tables replaced by these; everything else is left as it is.
 * @throws when the page has no place for one of them
 */
export const withTables = (page: string, tables: Tables): string =>
  Object.entries(tables).reduce((text, [name, table]) => {
    const from = text.indexOf(begin(name))
    const to = text.indexOf(END, from)
    if (from < 0 || to < 0) throw new Error(`the page has no place for the table "${name}"`)
    return `${text.slice(0, from)}${begin(name)}\n${table}\n${text.slice(to)}`
  }, page)
