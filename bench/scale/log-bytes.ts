import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes of the records of all topics that begin so; index files are as large as the broker likes. */
export const logBytes = (folder: string, prefix: string): number =>
  readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .flatMap((topic) => filesOf(join(folder, topic)))
    .filter((file) => file.endsWith('.log'))
    .reduce((sum, file) => sum + statSync(file).size, 0)

const filesOf = (folder: string): readonly string[] =>
  statSync(folder).isDirectory() ? readdirSync(folder).map((name) => join(folder, name)) : []

/** Of an ending, however deep. */
export const filesBelow = (folder: string, ending: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))

export const fileBytes = (folder: string, ending: string): number =>
  filesBelow(folder, ending).reduce((sum, file) => sum + statSync(file).size, 0)
