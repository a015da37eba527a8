/** Whether an `Accept` header leaves room for `type`, such as `application/json`. */
export function accepts(header: string | undefined, type: string): boolean {
  if (header === undefined || header === '*/*' || header === type) return true
  const family = `${type.slice(0, type.indexOf('/'))}/*`
  const ranges = header.split(',').map(readRange)
  // The most specific range that fits decides, so `*/*, application/json;q=0` refuses JSON.
  for (const wanted of [type, family, '*/*']) {
    const range = ranges.find(({ name }) => name === wanted)
    if (range) return range.wanted
  }
  return header.trim() === ''
}

function readRange(text: string): { readonly name: string; readonly wanted: boolean } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  // `*` alone is what Java's own client sends for `*/*`.
  const isRefused = parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter))
  return { name: name === '*' ? '*/*' : name, wanted: !isRefused }
}
