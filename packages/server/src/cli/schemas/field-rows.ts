import { isJson, type Json } from './schema-files.ts'

/** TypeBox's own mark, which stays out of the JSON. */
export const isOptional = (field: object): boolean => '~optional' in field

/** A row for each field: name, type, whether it is required, what it is. Nested ones follow theirs. */
export function fieldRows(fields: Readonly<Record<string, object>>, depth = 0): string[][] {
  return Object.entries(fields).flatMap(([name, schema]) => {
    const field = schema as Json
    const row = [
      `${'↳ '.repeat(depth)}\`${name}\``,
      typeText(field),
      isOptional(schema) ? '' : 'required',
      String(field['description'] ?? ''),
    ]
    const nested = field['properties']
    return [row, ...(isJson(nested) ? fieldRows(nested as Record<string, object>, depth + 1) : [])]
  })
}

function typeText(field: Json): string {
  const { type, anyOf, const: only, enum: values } = field
  if (only !== undefined) return `\`${only}\``
  if (Array.isArray(anyOf)) return anyOf.filter(isJson).map(typeText).join(', or ')
  if (Array.isArray(values)) return values.map((value) => `\`${value}\``).join(', ')
  switch (type) {
    case 'string':
      return stringText(field)
    case 'integer':
      return `whole number${rangeText(field)}${unitText(field)}`
    case 'number':
      return `number${rangeText(field)}${unitText(field)}`
    case 'boolean':
      return '`true` or `false`'
    default:
      return typeof type === 'string' ? type : 'anything'
  }
}

function stringText(field: Json): string {
  const { minLength = 0, maxLength, format, examples } = field
  if (format === 'date-time') return 'time'
  const length = maxLength === undefined ? '' : `, ${minLength}–${maxLength}`
  const such = Array.isArray(examples)
    ? `: ${examples.map((one) => `\`${one}\``).join(', ')}, …`
    : ''
  return `text${length}${such}`
}

function rangeText({ minimum, maximum }: Json): string {
  const from =
    typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined
  const to = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined
  if (from !== undefined && to !== undefined) return `, ${from}–${to}`
  if (from !== undefined) return ` ≥ ${from}`
  return to === undefined ? '' : ` ≤ ${to}`
}

const unitText = ({ $comment }: Json): string =>
  typeof $comment === 'string' ? `, ${$comment.replace('unit: ', '')}` : ''
