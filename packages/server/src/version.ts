import { readFileSync } from 'node:fs'

/** The version of the package, as `X-Questline-Version` and `questline --version` say it. */
export const VERSION: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version
