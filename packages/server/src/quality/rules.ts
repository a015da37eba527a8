import { countryOf, UNKNOWN, UNKNOWN_COUNTRY } from './countries.ts'

/**
 * One rule on one field, nested ones by dots (`user-a-postmatch-info.platform`). Without `events` it
 * holds for all types. A field that is not there is not looked at, but by `required`.
 * - `trim`, `upper`: texts are changed, anything else is left as it is
 * - `country`: an ISO code becomes the country's name, with the code beside it in `<field>_code` and,
 *   when it is unknown, what was sent in `<field>_raw`
 * - `map`: an id becomes a name of the list, else `UNKNOWN`, with what was sent in `<field>_raw`
 * - `required`: refuses an event without it; an empty text is none
 * - `range`: refuses what is no number from `min` to `max`, both included
 * - `known`: refuses what is not in the list
 */
export type Rule = {
  readonly field: string
  readonly events?: readonly string[]
} & (
  | { readonly rule: 'trim' | 'upper' | 'country' | 'required' }
  | { readonly rule: 'map'; readonly values: Readonly<Record<string, string>> }
  | { readonly rule: 'range'; readonly min?: number; readonly max?: number }
  | { readonly rule: 'known'; readonly values: readonly (string | number)[] }
)

const PURCHASES = ['purchase', 'in-app-purchase']

/** What holds for every studio; its own rules come after these. */
export const RULES: readonly Rule[] = [
  { rule: 'trim', field: 'platform' },
  { rule: 'upper', field: 'platform' },
  { rule: 'country', field: 'country' },
  ...['user-a-postmatch-info.platform', 'user-b-postmatch-info.platform'].flatMap(
    (field): Rule[] => [
      { rule: 'trim', field, events: ['match'] },
      { rule: 'upper', field, events: ['match'] },
    ],
  ),
  ...['product_id', 'product-id'].map(
    (field): Rule => ({ rule: 'trim', field, events: PURCHASES }),
  ),
  { rule: 'required', field: 'product_id', events: ['purchase'] },
  { rule: 'required', field: 'product-id', events: ['in-app-purchase'] },
]

export type Fields = Record<string, unknown>

/** All that a refusal may name, by a rule or for what no rule is needed. */
export const REASONS = [
  ...['no-object', 'no-amount', 'no-currency', 'no-product'],
  ...['required', 'out-of-range', 'unknown-value'],
] as const

/** Why an event is refused, and the JSON pointer of the field. */
export type Refusal = { readonly reason: string; readonly path: string }

/** Applies the rules for a type to the fields of an event, in place; null when none refuses it. */
export type Apply = (eventType: string, fields: Fields) => Refusal | null

type Step = (fields: Fields) => Refusal | null

/** Rules are sorted by type once, so that an event meets those that are for it and no others. */
export function compileRules(rules: readonly Rule[]): Apply {
  const steps = rules.map((rule) => ({ events: rule.events, step: compileRule(rule) }))
  const general = steps.flatMap(({ events, step }) => (events ? [] : [step]))
  const byType = new Map<string, readonly Step[]>()
  for (const type of new Set(rules.flatMap(({ events }) => events ?? []))) {
    byType.set(
      type,
      steps.flatMap(({ events, step }) => (!events || events.includes(type) ? [step] : [])),
    )
  }
  return (eventType, fields) => {
    for (const step of byType.get(eventType) ?? general) {
      const refusal = step(fields)
      if (refusal) return refusal
    }
    return null
  }
}

function compileRule(rule: Rule): Step {
  const path = rule.field.split('.')
  const name = path.pop() ?? ''
  const pointer = pointerOf(rule.field)
  const act = actOf(rule, name, pointer)
  if (path.length === 0) return act
  return (fields) => {
    let holder: unknown = fields
    for (const part of path) holder = isFields(holder) ? holder[part] : undefined
    // A block that is not there has no fields to change; one that must have a field must be there.
    if (!isFields(holder)) return rule.rule === 'required' ? required(pointer) : null
    return act(holder)
  }
}

export const pointerOf = (field: string): string =>
  field
    .split('.')
    .map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const required = (path: string): Refusal => ({ reason: 'required', path })

function actOf(rule: Rule, name: string, path: string): Step {
  switch (rule.rule) {
    case 'trim':
      return changeText(name, (text) => text.trim())
    case 'upper':
      return changeText(name, (text) => text.toUpperCase())
    case 'country':
      return nameCountry(name)
    case 'map':
      return nameById(name, new Map(Object.entries(rule.values)))
    case 'required':
      return (fields) => (isEmpty(fields[name]) ? required(path) : null)
    case 'range': {
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = rule
      const isWithin = (value: unknown) => typeof value === 'number' && value >= min && value <= max
      return refuseUnless(name, isWithin, { reason: 'out-of-range', path })
    }
    case 'known': {
      const values: ReadonlySet<unknown> = new Set(rule.values)
      return refuseUnless(name, (value) => values.has(value), { reason: 'unknown-value', path })
    }
  }
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || value === UNKNOWN

const changeText =
  (name: string, change: (text: string) => string): Step =>
  (fields) => {
    const value = fields[name]
    if (typeof value === 'string') fields[name] = change(value)
    return null
  }

const refuseUnless =
  (name: string, isGood: (value: unknown) => boolean, refusal: Refusal): Step =>
  (fields) =>
    fields[name] === undefined || isGood(fields[name]) ? null : refusal

function nameCountry(name: string): Step {
  const code = `${name}_code`
  const raw = `${name}_raw`
  return (fields) => {
    const sent = fields[name]
    if (sent === undefined) return null
    const country = typeof sent === 'string' ? countryOf(sent) : UNKNOWN_COUNTRY
    fields[name] = country.name
    fields[code] = country.code
    if (country.code === UNKNOWN) fields[raw] = sent
    return null
  }
}

function nameById(name: string, names: ReadonlyMap<string, string>): Step {
  const raw = `${name}_raw`
  return (fields) => {
    const sent = fields[name]
    if (sent === undefined) return null
    const known = typeof sent === 'object' ? undefined : names.get(String(sent))
    fields[name] = known ?? UNKNOWN
    if (known === undefined) fields[raw] = sent
    return null
  }
}
