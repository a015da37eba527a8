// Where the tests of this folder find the files that they compare.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..', '..')

/** The text of a file of the repository; throws if it is not there. */
export function repositoryFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** The names of all settings, set or commented out, in .env.example. */
export function documentedSettings(): ReadonlySet<string> {
  const lines = repositoryFile('.env.example').matchAll(/^#?\s*([A-Z][A-Z0-9_]*)=/gm)
  return new Set([...lines].map(([, name = '']) => name))
}

/** The version of Node that the lockfile's runtime, and so every test, is. */
export function pinnedNodeVersion(): string {
  const manifest: { readonly devDependencies: { readonly node: string } } = JSON.parse(
    repositoryFile('package.json'),
  )
  return manifest.devDependencies.node
}
