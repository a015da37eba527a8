import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { isTest, type SourceFile, sourceFiles } from './source-files.ts'
import { lineAt } from './source-text.ts'

const SERVER = 'packages/server/src/'

const STAGES = [
  ...[
    'idempotency',
    'nodes',
    'accounts',
    'ledger',
    'attribution',
    'log',
    'ingest',
    'analytics',
    'quality',
  ],
  ...['windows', 'lake', 'forward', 'reports'],
]

/**
 * What each folder (or single file) of the server may import, in the order in which data flows.
 * Money and its event are one transaction, yet `ledger` does not import `log`: main.ts passes it
 * the function. The proof of the layering: delete reports and http, and the rest compiles.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  platform: [],
  store: ['platform'],
  idempotency: ['contracts', 'platform', 'store'],
  nodes: ['platform', 'store'],
  accounts: ['contracts', 'platform', 'store', 'idempotency', 'nodes'],
  ledger: ['contracts', 'platform', 'store', 'idempotency'],
  attribution: ['contracts', 'platform', 'store', 'idempotency'],
  log: ['contracts', 'platform', 'store', 'idempotency'],
  kafka: ['platform'],
  tracing: [],
  audit: ['platform', 'store', 'log', 'ledger'],
  backup: ['platform', 'store'],
  ingest: ['contracts', 'platform', 'store', 'log', 'kafka', 'tracing'],
  analytics: ['platform', 'store'],
  quality: ['contracts', 'platform', 'store', 'log', 'analytics'],
  windows: ['contracts', 'platform', 'store', 'log', 'analytics', 'quality'],
  relay: ['platform', 'store', 'log', 'analytics', 'windows', 'kafka'],
  'quality-kafka': [
    ...['contracts', 'platform', 'store', 'log', 'ingest', 'analytics', 'quality', 'windows'],
    'kafka',
  ],
  lake: ['contracts', 'platform', 'store', 'log', 'analytics', 'quality'],
  forward: [
    ...['contracts', 'platform', 'store', 'log', 'analytics', 'quality', 'kafka', 'quality-kafka'],
  ],
  'lake-kafka': ['store', 'lake', 'kafka', 'quality-kafka'],
  reports: ['contracts', 'platform', 'windows', 'lake'],
  http: ['contracts', 'platform', 'tracing', ...STAGES],
  // Plays a stranger's game: it knows of the server what a game knows.
  simulate: ['contracts', 'platform', 'sdk'],
}

/** Imports within the server that go downstream, or past a front door. Types count. */
export function serverImports(root: string): string[] {
  const files = sourceFiles(root).filter(({ path }) => path.startsWith(SERVER) && !isTest(path))
  return files.flatMap((file) => {
    const inner = file.path.slice(SERVER.length)
    const from = moduleOf(inner)
    const allowed = MAY_IMPORT[from]
    if (!allowed)
      return isComposition(inner) ? [] : [`${file.path}: ${from} is not in the import table`]
    return importsOf(file).flatMap(({ specifier, line }) => {
      const fault = importFault(file.path, from, specifier, allowed)
      return fault === undefined ? [] : [`${file.path}:${line}: ${fault}`]
    })
  })
}

function importFault(
  path: string,
  from: string,
  specifier: string,
  allowed: readonly string[],
): string | undefined {
  if (!specifier.startsWith('.')) {
    const to = /^@questline\/([^/]+)/.exec(specifier)?.[1]
    return to === undefined || allowed.includes(to) ? undefined : `${from} must not import ${to}`
  }
  const target = posix.join(posix.dirname(path), specifier)
  if (!target.startsWith(SERVER)) return `${specifier} leaves ${SERVER}`
  const inner = target.slice(SERVER.length)
  const to = moduleOf(inner)
  if (to === from) return undefined
  if (!allowed.includes(to)) return `${from} must not import ${to}`
  const isFrontDoor = inner === `${to}.ts` || inner === `${to}/${to}.ts`
  return isFrontDoor ? undefined : `import ${to}/${to}.ts, not ${inner}`
}

/** `ledger` for `ledger/entries.ts`, and for `ledger.ts` while it is small enough to be a file. */
const moduleOf = (path: string): string => (path.split('/')[0] ?? '').replace(/\.ts$/, '')

/**
 * What wires the stages: main, cli and the folders that only they need. They import anything; no
 * stage imports them, since no row of the table names them.
 */
const COMPOSITION = /^(?:cli|config|books|pipeline|reports-desk|upkeep)\//
const isComposition = (path: string): boolean => !path.includes('/') || COMPOSITION.test(path)

/** Which of our packages each package may import. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  contracts: [],
  sdk: ['contracts'],
  console: ['contracts'],
  server: ['contracts', 'sdk'],
}

/** Imports from package to package: only those of the table, and only what a package exports. */
export function packageImports(root: string): string[] {
  return sourceFiles(root).flatMap((file) => {
    const name = /^packages\/([^/]+)\//.exec(file.path)?.[1]
    if (name !== undefined && !PACKAGES[name]) return [`${file.path}: ${name} is no known package`]
    return importsOf(file).flatMap(({ specifier, line }) => {
      const fault = deepImport(root, specifier) ?? packageFault(file.path, name, specifier)
      return fault === undefined ? [] : [`${file.path}:${line}: ${fault}`]
    })
  })
}

/** What `exports` of a package's package.json names is its front; everything else is its own. */
function deepImport(root: string, specifier: string): string | undefined {
  const [, name, folder, inner] = /^(@questline\/([^/]+))\/(.+)$/.exec(specifier) ?? []
  if (name === undefined) return undefined
  const manifest = join(root, `packages/${folder}/package.json`)
  const exported = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).exports : {}
  return Object.hasOwn(exported, `./${inner}`) ? undefined : `import ${name}, not ${specifier}`
}

function packageFault(
  path: string,
  name: string | undefined,
  specifier: string,
): string | undefined {
  if (name === undefined || isTest(path)) return undefined
  const source = `packages/${name}/src/`
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier)
    // The server's rule above words this for its own folders.
    if (name === 'server' || target.startsWith(source)) return undefined
    return `${specifier} leaves ${source}`
  }
  const ours = specifier === 'questline' ? 'server' : /^@questline\/([^/]+)/.exec(specifier)?.[1]
  if (ours !== undefined && !PACKAGES[name]?.includes(ours))
    return `${name} must not import ${ours}`
  // Browser, game and server share the contracts, so they know no platform and one library.
  const isForeign = ours === undefined && !/^typebox(?:\/|$)/.test(specifier)
  return name === 'contracts' && isForeign ? `contracts must not import ${specifier}` : undefined
}

type Import = { readonly specifier: string; readonly line: number }

const STATEMENT = /(?<![.\w$])(?:from|import|import\s*\(|require\s*\()\s*(['"`])( *)\1/g
/** Workers and data files are found by URL; other URLs are no imports. */
const BY_URL = /\b(?:new\s+URL|import\.meta\.resolve)\s*\(\s*(['"`])( *)\1/g

/** Every module or file that a source names: static, type-only, dynamic, required, or by URL. */
export function importsOf(file: Pick<SourceFile, 'code' | 'text'>): Import[] {
  const found = (pattern: RegExp): Import[] =>
    [...file.code.matchAll(pattern)].map((match) => {
      const end = match.index + match[0].length - 1
      const specifier = file.text.slice(end - (match[2] ?? '').length, end)
      return { specifier, line: lineAt(file.text, end) }
    })
  const urls = found(BY_URL).filter(({ specifier }) => specifier.startsWith('.'))
  return [...found(STATEMENT), ...urls]
}
