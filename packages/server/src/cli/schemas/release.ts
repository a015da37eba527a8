import { type Bump, type Change, changesBetween, isSmaller } from './classify.ts'
import { isJson, type Json } from './schema-files.ts'

/** Schemas by the name of their family. */
export type Schemas = ReadonlyMap<string, Json>

const ID = /^urn:questline:[\w-]+:(\d+)-(\d+)-(\d+)$/
const COMPONENTS = ['model', 'revision', 'addition'] as const

type Numbers = readonly [number, number, number]

/** @throws Error when the schema does not tell its version */
function versionOf(schema: Json): Numbers {
  const parts = ID.exec(String(schema['$id']))
  if (!parts) throw new Error(`${schema['$id']} names no version`)
  return [Number(parts[1]), Number(parts[2]), Number(parts[3])]
}

/** The first number that grew; `back` where the first that differs is smaller. */
function bumpBetween(before: Numbers, after: Numbers): Bump | 'back' {
  const index = before.findIndex((number, i) => number !== after[i])
  if (index === -1) return 'none'
  return (after[index] ?? 0) > (before[index] ?? 0) ? (COMPONENTS[index] ?? 'none') : 'back'
}

/**
 * What keeps `current` from following `released`: families whose version grew too little for what
 * changed, went back, or that are gone. A sentence each; none when all is well.
 */
export function releaseFaults(released: Schemas, current: Schemas): readonly string[] {
  return [...released].flatMap(([name, before]) => {
    const after = current.get(name)
    if (!after) return [`${name}: a released family is gone, and events of it are in the log`]
    const bump = bumpBetween(versionOf(before), versionOf(after))
    const versions = `${versionOf(before).join('-')} to ${versionOf(after).join('-')}`
    if (bump === 'back') return [`${name}: its version went back, from ${versions}`]
    return changesBetween(before, after)
      .filter((change) => isSmaller(bump, change.bump))
      .map((change) => `${name}${change.path}: ${sentence(change)}, and ${versions} is less`)
  })
}

const sentence = ({ bump, what }: Change): string =>
  `${what}: that is ${bump === 'addition' ? 'an' : 'a'} ${bump}`

/** @throws SyntaxError, or Error when it is no object */
export function parseSchema(text: string): Json {
  const schema: unknown = JSON.parse(text)
  if (!isJson(schema)) throw new Error('a schema is an object')
  return schema
}
