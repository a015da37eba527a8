// The code of a version from before the newest steps of the schema, taken from the history of this
// repository, as a program of its own: so what is tested beside the new one is the real thing.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../questline.ts'

/** The last commit whose schema of the books was 3. */
const SCHEMA_3 = '73a32ae'

/** Null where the history does not go so far back, as in a shallow clone. */
export function previousVersion(): string | null {
  try {
    return git('rev-parse', '--verify', '--quiet', `${SCHEMA_3}^{commit}`).trim()
  } catch {
    return null
  }
}

const git = (...words: string[]): string =>
  execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

export type OldProgram = { readonly program: string; remove(): void }

/** Its packages beside the installed ones of others, which have not changed since. */
export function unpackPreviousVersion(commit: string): OldProgram {
  const folder = mkdtempSync(join(tmpdir(), 'questline-previous-'))
  const archive = join(folder, 'packages.tar')
  git('archive', '--output', archive, commit, 'packages', 'package.json', 'schemas')
  execFileSync('tar', ['-xf', archive, '-C', folder])
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@questline'), { recursive: true })
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name === '@questline' || name === 'questline') continue
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  for (const name of ['contracts', 'sdk']) {
    symlinkSync(join(folder, 'packages', name), join(modules, '@questline', name))
  }
  return {
    program: join(folder, 'packages/server/src/cli.ts'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
