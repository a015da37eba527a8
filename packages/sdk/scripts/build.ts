// Makes what is published: one readable ES module and one set of types per entry point, with a
// package.json of its own. npm has no way to publish other `exports` than those that the workspace
// uses, which are the sources; so the package is the folder dist/, and `npm pack ./packages/sdk/dist`
// packs it.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { rolldown } from 'rolldown'

const PACKAGE = join(import.meta.dirname, '..')
const ROOT = join(PACKAGE, '../..')

export type Entry = {
  /** As it is imported: `.` or `./storage/local`. */
  readonly name: string
  readonly source: string
  /** Without its ending, from the folder of sources: `storage/local`. */
  readonly path: string
}

const manifest: {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly exports: Readonly<Record<string, string>>
} = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'))

export const ENTRIES: readonly Entry[] = Object.entries(manifest.exports).map(([name, file]) => ({
  name,
  source: join(PACKAGE, file),
  path: file.replace(/^\.\/src\/|\.ts$/g, ''),
}))

/** The whole entry point as one module. Fails when it needs anything but Node's own modules. */
export async function bundle(entry: Entry, minify: boolean): Promise<string> {
  const build = await rolldown({
    input: entry.source,
    platform: 'neutral',
    external: /^node:/,
    onLog(_, log) {
      throw new Error(`${entry.name}: ${log.message}`)
    },
  })
  const { output } = await build.generate({ format: 'esm', minify })
  await build.close()
  return output[0].code
}

/** Builds the package into `folder`, which is emptied first. */
export async function buildPackage(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  for (const entry of ENTRIES) {
    const file = join(folder, `${entry.path}.js`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, await bundle(entry, false))
  }
  const project = join(PACKAGE, 'tsconfig.build.json')
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', project, '--outDir', folder], {
    stdio: 'inherit',
  })
  const { name, version, license } = manifest
  const exports = ENTRIES.map((entry) => {
    const path = `./${entry.path}`
    return [entry.name, { types: `${path}.d.ts`, default: `${path}.js` }] as const
  })
  const published = {
    ...{ name, version, license, type: 'module', sideEffects: false },
    description: 'Events, accounts and currency for games, with a Questline server',
    exports: { ...Object.fromEntries(exports), './package.json': './package.json' },
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  copyFileSync(join(PACKAGE, 'README.md'), join(folder, 'README.md'))
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
}

if (import.meta.main) await buildPackage(resolve(process.argv[2] ?? join(PACKAGE, 'dist')))
