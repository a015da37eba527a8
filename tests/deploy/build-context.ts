// What an engine would see of the repository, and the tree that the image's /app would hold.
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import type { Image } from './dockerfile.ts'

type LockedPackage = {
  readonly link?: boolean
  readonly resolved?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}
const SERVER = 'packages/server'

type Lockfile = { readonly packages: Readonly<Record<string, LockedPackage>> }

/**
 * Tells by the rules of .dockerignore whether a path, relative to the repository and with forward
 * slashes, is sent to the engine: the last pattern that matches it or a folder above it decides.
 */
export function contextFilter(dockerignore: string): (path: string) => boolean {
  const rules = dockerignore
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ sent: line.startsWith('!'), pattern: patternOf(line.replace(/^!/, '')) }))
  return (path) => {
    const parts = path.split('/')
    const chain = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
    const rule = rules.findLast(({ pattern }) => chain.some((folder) => pattern.test(folder)))
    return rule?.sent ?? true
  }
}

/**
 * Lays out below `target` what the image holds in /app: the copied files, and links to the installed
 * packages of the server's production closure alone, so that an import of a development dependency
 * or of a file that is not copied fails here as it would in the container.
 */
export function layOutImage(image: Image, root: string, target: string): void {
  const sent = contextFilter(readFileSync(join(root, '.dockerignore'), 'utf8'))
  for (const copy of image.copies) {
    for (const source of copy.sources) {
      const into = copy.target.endsWith('/') && lstatSync(join(root, source)).isFile()
      cpSync(join(root, source), join(target, copy.target, into ? basename(source) : ''), {
        recursive: true,
        filter: (path) => sent(relative(root, path)),
      })
    }
  }
  const lockfile = readLockfile(root)
  for (const key of productionClosure(lockfile, SERVER)) {
    linkPackage(lockfile.packages[key] ?? {}, key, root, target)
  }
}

/** The folders of the workspaces that the server needs in production, itself among them. */
export function serverWorkspaces(root: string): readonly string[] {
  const lockfile = readLockfile(root)
  const linked = [...productionClosure(lockfile, SERVER)].flatMap((key) => {
    const { link, resolved } = lockfile.packages[key] ?? {}
    return link && resolved !== undefined ? [resolved] : []
  })
  return [SERVER, ...linked].sort()
}

/** Every file, folder and link below a folder, sorted: two listings are equal if nothing was written. */
export function listing(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}

function readLockfile(root: string): Lockfile {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
}

function linkPackage(locked: LockedPackage, key: string, root: string, target: string): void {
  const place = join(target, key)
  // A package below another one comes with it; an optional one may not exist for this platform.
  if (key.split('node_modules/').length !== 2 || !existsSync(join(root, key))) return
  mkdirSync(dirname(place), { recursive: true })
  symlinkSync(locked.link ? join(target, locked.resolved ?? '') : join(root, key), place)
}

function productionClosure(lockfile: Lockfile, workspace: string): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (folder: string): void => {
    const { dependencies, optionalDependencies, peerDependencies } = lockfile.packages[folder] ?? {}
    for (const name of Object.keys({
      ...dependencies,
      ...optionalDependencies,
      ...peerDependencies,
    })) {
      const key = locate(lockfile, folder, name)
      if (key === undefined || found.has(key)) continue
      found.add(key)
      visit(lockfile.packages[key]?.link ? (lockfile.packages[key].resolved ?? '') : key)
    }
  }
  visit(workspace)
  return found
}

// As Node resolves: the nearest node_modules on the way up.
function locate(lockfile: Lockfile, folder: string, name: string): string | undefined {
  const key = join(folder, 'node_modules', name)
  if (key in lockfile.packages) return key
  return folder === '.' ? undefined : locate(lockfile, dirname(folder), name)
}

function patternOf(glob: string): RegExp {
  const source = glob
    .replace(/^\/|\/$/g, '')
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*\*\/|\*\*|\*|\?/g, (star) => GLOB[star] ?? star)
  return new RegExp(`^${source}$`)
}

const GLOB: Readonly<Record<string, string>> = {
  '**/': '(?:.*/)?',
  '**': '.*',
  '*': '[^/]*',
  '?': '[^/]',
}
