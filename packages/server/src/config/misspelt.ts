import { closestMatch } from 'leven'
import type { Environment } from './reader.ts'

/** Shorter names are near to many others: HOME is two letters from HOST. */
const LONG = 8

/** A line for each name that is no setting and one letter from being one, or two in a long name. */
export function misspelt(env: Environment, settings: readonly string[]): readonly string[] {
  const known = new Set(settings)
  return Object.keys(env).flatMap((name) => {
    if (known.has(name)) return []
    const maxDistance = name.length < LONG ? 1 : 2
    const meant = closestMatch(name, settings, { maxDistance })
    return meant === undefined ? [] : [`${name}: is no setting, ${meant} is`]
  })
}
