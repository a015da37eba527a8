import { constants } from 'node:fs'
import { access, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileFailure, InputError } from './input-error.ts'

/** The names under which each file is taken, the first that is there. */
export const INPUT_FILES = {
  purchases: ['purchases_raw.csv', 'purchases.csv'],
  confirmed: ['confirmed_purchases.csv'],
  costs: ['costs_daily.csv'],
  sessions: ['sessions.csv'],
} as const

export type InputName = keyof typeof INPUT_FILES

/** The path of each file. */
export type InputFiles = Readonly<Record<InputName, string>>

/**
 * Finds the four files of the reports in a folder; letters of their names count.
 * @throws InputError when the folder or a file is missing or cannot be read
 */
export async function findFiles(folder: string): Promise<InputFiles> {
  const held = await namesIn(folder)
  const missing: string[] = []
  const find = (name: InputName): string => {
    const found = INPUT_FILES[name].find((file) => held.includes(file))
    if (found === undefined) missing.push(INPUT_FILES[name].join(' or '))
    return join(folder, found ?? '')
  }
  const files: InputFiles = {
    purchases: find('purchases'),
    confirmed: find('confirmed'),
    costs: find('costs'),
    sessions: find('sessions'),
  }
  if (missing.length > 0) throw missingFiles(folder, missing, held)
  for (const path of Object.values(files)) await assertReadable(path)
  return files
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'ENOTDIR') throw new InputError(`${folder} is no folder`, { cause: error })
    throw fileFailure(folder, error)
  }
}

const NAMES_SHOWN = 20

function missingFiles(
  folder: string,
  missing: readonly string[],
  held: readonly string[],
): InputError {
  const first = held
    .slice(0, NAMES_SHOWN)
    .map((name) => JSON.stringify(name))
    .join(', ')
  const more = held.length > NAMES_SHOWN ? ` and ${held.length - NAMES_SHOWN} more` : ''
  const holds = held.length === 0 ? 'it is empty' : `it holds ${first}${more}`
  return new InputError(`${folder} lacks ${missing.join(', ')}; ${holds}`)
}

async function assertReadable(path: string): Promise<void> {
  try {
    const found = await stat(path)
    if (found.isDirectory())
      throw new InputError(`${path} cannot be read: it is a folder, not a file`)
    if (!found.isFile()) throw new InputError(`${path} cannot be read: it is no regular file`)
    await access(path, constants.R_OK)
  } catch (error) {
    throw fileFailure(path, error)
  }
}
