import { CLIENT_FAMILIES, EVENT_FAMILIES, type EventFamily, instantOf } from '@questline/contracts'
import ajv2020 from 'ajv/dist/2020.js'
import { familySchema } from '../../packages/server/src/cli/schemas/schema-files.ts'

type Fields = Readonly<Record<string, unknown>>

/** The validator of a stranger: strict about words that it does not know, and without ours. */
export function strangersAjv() {
  const ajv = new ajv2020.Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false })
  ajv.addFormat('date-time', (text: string) => instantOf(text) !== null)
  return ajv
}

const validators = new Map(
  EVENT_FAMILIES.map((family) => [family.name, strangersAjv().compile(familySchema(family))]),
)

/** Whether the published schema of a family takes `event`. */
export function fits(name: string, event: unknown): boolean {
  const validate = validators.get(name)
  if (!validate) throw new Error(`there is no family ${name}`)
  return validate(event)
}

/** The example of a family with `changes` laid over it; a field that is undefined is taken away. */
export function anEvent(name: keyof typeof CLIENT_FAMILIES, changes: Fields = {}): Fields {
  const family: EventFamily = CLIENT_FAMILIES[name]
  const fields = Object.entries({ ...family.example, ...changes })
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined))
}
