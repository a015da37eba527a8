import { dialectBranches, environmentReads, hiddenInputs, openWork } from './code.ts'
import { lockfileAddresses, lockfileGaps, problemsPage } from './documents.ts'
import { packageImports, serverImports } from './imports.ts'
import { bigFiles, catchAllNames, frontDoors, ignoredSources, longFiles } from './layout.ts'

/** The folder of a repository → what is wrong, as `file[:line]: fault`. */
export type Rule = (root: string) => string[]

/** What the linter cannot say. Its own rules (length of functions, default exports …) are in biome.json. */
export const RULES = {
  'the server imports upstream only, through front doors': serverImports,
  'packages import each other by name, as the table says': packageImports,
  'only config.ts reads the environment': environmentReads,
  'time, randomness and ids are passed in': hiddenInputs,
  'only the store knows the dialect': dialectBranches,
  'open work has an issue number': openWork,
  'files are short': longFiles,
  'no file or folder has a catch-all name': catchAllNames,
  'each folder of the server has a front door': frontDoors,
  'no file is big': bigFiles,
  'git ignores no source': ignoredSources,
  'docs/problems.md explains exactly the problem codes': problemsPage,
  'the lockfile records no download address': lockfileAddresses,
  'the lockfile has every dependency': lockfileGaps,
} as const satisfies Readonly<Record<string, Rule>>

export type RuleName = keyof typeof RULES
