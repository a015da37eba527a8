import type { Rule } from './rules.ts'

/** A file of rules that cannot be used, with all that is wrong with it. */
export class RulesError extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(`The quality rules are not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.name = 'RulesError'
    this.faults = faults
  }
}

const ALWAYS = ['rule', 'field', 'events']
/** What a rule says beside its field and events. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  trim: [],
  upper: [],
  country: [],
  required: [],
  map: ['values'],
  range: ['min', 'max'],
  known: ['values'],
}

/**
 * The studio's own rules, from the text of its file: `{"rules": [{"rule": "known", "field":
 * "product_id", "events": ["purchase"], "values": ["gems_100"]}]}`.
 * @throws RulesError with every fault at once
 */
export function parseRules(text: string): readonly Rule[] {
  const document = parsed(text)
  if (!isObject(document) || !Array.isArray(document['rules'])) {
    throw new RulesError(['it is an object with the list "rules"'])
  }
  const faults = Object.keys(document)
    .filter((name) => name !== 'rules')
    .map((name) => `"${name}" is not known; there is only "rules"`)
  document['rules'].forEach((rule: unknown, index) => {
    for (const fault of faultsOf(rule)) faults.push(`rules[${index}]: ${fault}`)
  })
  if (faults.length > 0) throw new RulesError(faults)
  // Sound because every rule has just been checked.
  return document['rules'] as readonly Rule[]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new RulesError([`it is no JSON: ${error instanceof Error ? error.message : error}`])
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function faultsOf(rule: unknown): string[] {
  if (!isObject(rule)) return ['is no object']
  const name = String(rule['rule'])
  const own = Object.hasOwn(OWN, name) ? OWN[name] : undefined
  if (!own) return [`"rule" is ${said(rule['rule'])}, not one of ${Object.keys(OWN).join(', ')}`]
  const unknown = Object.keys(rule).filter((key) => ![...ALWAYS, ...own].includes(key))
  return [
    ...unknown.map((key) => `"${key}" is not known to the rule ${name}`),
    ...(isName(rule['field']) ? [] : [`"field" is ${said(rule['field'])}, not a name`]),
    ...(rule['events'] === undefined || isNames(rule['events'])
      ? []
      : ['"events" is not a list of event types']),
    ...ownFaults(name, rule),
  ]
}

const said = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value))
const isName = (value: unknown): boolean =>
  typeof value === 'string' && value.split('.').every((part) => part !== '')
const isNames = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string')

function ownFaults(name: string, rule: Readonly<Record<string, unknown>>): string[] {
  const { values, min, max } = rule
  switch (name) {
    case 'map': {
      const isMap = isObject(values) && Object.values(values).every((v) => typeof v === 'string')
      return isMap ? [] : ['"values" is not an object of names']
    }
    case 'known': {
      const isList =
        Array.isArray(values) &&
        values.length > 0 &&
        values.every((each) => typeof each === 'string' || typeof each === 'number')
      return isList ? [] : ['"values" is not a list of texts or numbers']
    }
    case 'range':
      return rangeFaults(min, max)
    default:
      return []
  }
}

function rangeFaults(min: unknown, max: unknown): string[] {
  const bounds = [min, max].filter((bound) => bound !== undefined)
  if (bounds.length === 0) return ['it needs "min" or "max"']
  if (!bounds.every((bound) => typeof bound === 'number')) return ['"min" and "max" are numbers']
  return Number(min) > Number(max) ? ['"min" is greater than "max"'] : []
}
