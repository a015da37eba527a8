const END = '<!-- end -->'

/**
 * A page with its tables replaced by these; everything else is left as it is. A table stands between
 * `<!-- owner: name -->` and `<!-- end -->`.
 * @throws when the page has no place for one of them
 */
export const withTables = (
  page: string,
  owner: string,
  tables: Readonly<Record<string, string>>,
): string =>
  Object.entries(tables).reduce((text, [name, table]) => {
    const begin = `<!-- ${owner}: ${name} -->`
    const from = text.indexOf(begin)
    const to = text.indexOf(END, from)
    if (from < 0 || to < 0) throw new Error(`the page has no place for the table "${name}"`)
    return `${text.slice(0, from)}${begin}\n${table}\n${text.slice(to)}`
  }, page)
