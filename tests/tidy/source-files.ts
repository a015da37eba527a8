import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSource, type SourceText } from './source-text.ts'

export type SourceFile = SourceText & {
  /** From the root of the repository, with forward slashes. */
  readonly path: string
  readonly text: string
}

const SOURCE = /\.[cm]?[jt]sx?$/
const SKIPPED = new Set(['node_modules', 'dist'])

/** Paths of all source files of packages, tests and benchmarks, sorted. Folders that are missing have none. */
export function sourcePaths(root: string): string[] {
  const sources = subfolders(root, 'packages').map((name) => `packages/${name}/src`)
  return [...sources, 'tests', 'bench'].flatMap((folder) => walk(root, folder)).sort()
}

export function sourceFiles(root: string): SourceFile[] {
  return sourcePaths(root).map((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    return { path, text, ...readSource(text) }
  })
}

/** Names of the folders in `folder`; none when it is missing. */
export function subfolders(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

function walk(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : walk(root, path)
    return SOURCE.test(entry.name) ? [path] : []
  })
}

/** Tests, and suites that tests run: they may look into anything. */
export const isTest = (path: string): boolean =>
  path.startsWith('tests/') || /\.(?:test|contract)\.tsx?$/.test(path)
