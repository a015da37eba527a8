import { basename } from 'node:path'
import leven from 'leven'
import { InputError } from './input-error.ts'

/** One way in which a file may name its columns: our names, and what stands in the header for them. */
export type Shape = {
  readonly shape: string
  readonly required: readonly string[]
  /** Exactly one is taken, the first that is there. */
  readonly oneOf: readonly string[]
  readonly optional: readonly string[]
  /** Where the header uses another name than we do. */
  readonly spelling: Readonly<Record<string, string>>
}

/** The ways in which one of the files may name its columns, the usual one first. */
export type FileDefinition = readonly [Shape, ...Shape[]]

type Name<S extends Shape, Kind extends 'required' | 'oneOf' | 'optional'> = S[Kind][number]

/** The shape that was recognised, and where each of our columns stands (from 0). */
export type FoundColumns<S extends Shape> = S extends Shape
  ? {
      readonly shape: S['shape']
      readonly positions: { readonly [name in Name<S, 'required'>]: number } & {
        readonly [name in Name<S, 'oneOf' | 'optional'>]?: number
      }
    }
  : never

/**
 * AppsFlyer's raw-data export, in display names (`Event Revenue USD`) or API names
 * (`event_revenue_usd`), has neither status nor receipt: `APPSFLYER_EXPORT` says where they are from.
 */
export const PURCHASES_RAW = [
  {
    shape: 'plain',
    required: [
      'appsflyer_id',
      'event_name',
      'event_time_utc',
      'revenue_usd',
      'campaign',
      'receipt_id',
      'status',
    ],
    oneOf: [],
    optional: [],
    spelling: {},
  },
  {
    shape: 'appsflyer-export',
    required: ['appsflyer_id', 'event_name', 'event_time_utc', 'revenue_usd', 'campaign'],
    oneOf: [],
    optional: ['event_value'],
    spelling: { event_time_utc: 'event_time', revenue_usd: 'event_revenue_usd' },
  },
] as const satisfies FileDefinition

export const CONFIRMED_PURCHASES = [
  {
    shape: 'plain',
    required: ['appsflyer_id', 'event_time_utc', 'revenue_usd', 'receipt_id'],
    oneOf: [],
    optional: [],
    spelling: {},
  },
] as const satisfies FileDefinition

export const COSTS_DAILY = [
  {
    shape: 'plain',
    required: ['date', 'campaign', 'ad_cost_usd'],
    oneOf: [],
    optional: [],
    spelling: {},
  },
] as const satisfies FileDefinition

export const SESSIONS = [
  {
    shape: 'plain',
    required: ['user_id'],
    oneOf: ['event_timestamp_utc', 'date'],
    optional: [],
    spelling: {},
  },
] as const satisfies FileDefinition

/**
 * What stands for the columns that the export does not have. The receipt is the first of these keys
 * of the JSON text in `event_value` that is there; without that column every receipt is empty. A row
 * with a negative revenue, or of the event of a refund (folded), is a chargeback of its receipt.
 */
export const APPSFLYER_EXPORT = {
  status: 'success',
  receiptKeys: ['af_receipt_id', 'af_order_id'],
  refundEvent: 'af_refund',
} as const

/**
 * Finds our columns by name: in any order and any case, spaces around them ignored, a space or an
 * underscore inside.
 * @throws InputError when a column that is needed is missing or there twice; one line with what was
 * found
 */
export function findColumns<const D extends FileDefinition>(
  file: string,
  header: readonly string[],
  definition: D,
): FoundColumns<D[number]>
export function findColumns(
  file: string,
  header: readonly string[],
  definition: FileDefinition,
): { readonly shape: string; readonly positions: Readonly<Record<string, number>> } {
  const found = header.map(fold)
  const shape = likeliest(definition, found)
  const missing = missingIn(shape, found)
  if (missing.length > 0) throw missingColumns(basename(file), missing, header)
  const positions: Record<string, number> = {}
  for (const name of taken(shape, found)) {
    const spelled = shape.spelling[name] ?? name
    const first = found.indexOf(spelled)
    const second = found.indexOf(spelled, first + 1)
    if (second !== -1) throw twice(basename(file), spelled, first, second)
    positions[name] = first
  }
  return { shape: shape.shape, positions }
}

/** `trim` takes a no-break space and a byte order mark too. */
function fold(name: string): string {
  return name.trim().toLowerCase().replace(/\s+/g, '_')
}

/** The first shape of which the least is missing. */
function likeliest(definition: FileDefinition, found: readonly string[]): Shape {
  let [best] = definition
  for (const shape of definition) {
    if (missingIn(shape, found).length < missingIn(best, found).length) best = shape
  }
  return best
}

/** The names, as the header would have them, that are not there; alternatives are one. */
function missingIn(shape: Shape, found: readonly string[]): readonly (readonly string[])[] {
  const { required, oneOf, spelling } = shape
  const needed = required.map((name) => [spelling[name] ?? name])
  if (oneOf.length > 0) needed.push([...oneOf])
  return needed.filter((names) => !names.some((name) => found.includes(name)))
}

function taken(shape: Shape, found: readonly string[]): readonly string[] {
  const one = shape.oneOf.filter((name) => found.includes(name)).slice(0, 1)
  const optional = shape.optional.filter((name) => found.includes(name))
  return [...shape.required, ...one, ...optional]
}

function twice(file: string, name: string, first: number, second: number): InputError {
  const where = `columns ${first + 1} and ${second + 1}`
  return new InputError(`${file} has the column "${name}" twice (${where}): remove or rename one`)
}

const NAMES_SHOWN = 20

function missingColumns(
  file: string,
  missing: readonly (readonly string[])[],
  header: readonly string[],
): InputError {
  const names = missing.map((one) => {
    const name = one.map((spelled) => `"${spelled}"`).join(' or ')
    const near = nearest(one, header)
    return near === null ? name : `${name} (did you mean ${shown(near)}?)`
  })
  const found = header.slice(0, NAMES_SHOWN).map(shown).join(', ')
  const more = header.length > NAMES_SHOWN ? ` and ${header.length - NAMES_SHOWN} more` : ''
  const columns = names.length === 1 ? 'the column' : 'the columns'
  return new InputError(
    `${file} lacks ${columns} ${names.join(', ')}; its first line has: ${found}${more}`,
  )
}

/** A name from a file in one line of a message: quoted, control characters escaped, cut. */
function shown(name: string): string {
  const text = JSON.stringify(name)
  return text.length > 60 ? `${text.slice(0, 58)}…"` : text
}

/** The name in the header that is most likely one of these misspelt, or null. */
function nearest(names: readonly string[], header: readonly string[]): string | null {
  let best: string | null = null
  let least = Number.POSITIVE_INFINITY
  for (const candidate of header) {
    const found = fold(candidate).slice(0, 100)
    for (const name of names) {
      const distance = leven(name, found)
      const contained = found.length > 2 && (name.includes(found) || found.includes(name))
      if (distance < least && (contained || distance <= name.length / 3)) {
        best = candidate
        least = distance
      }
    }
  }
  return best
}
