// The SDKs beside ours are installed here when the benchmark first runs, and are no part of the
// product: neither the workspaces nor the lockfile of the repository know them.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = import.meta.dirname

/** Installs what package.json names, unless it lies there. False: npm could not, it has said why. */
export function installSdks(): boolean {
  const isThere = (): boolean =>
    Object.entries(wanted()).every(([name, version]) => installed(name) === version)
  if (isThere()) return true
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  spawnSync('npm', ['ci', ...flags], { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'] })
  return isThere()
}

/** Names and exact versions. */
export function wanted(): Readonly<Record<string, string>> {
  const manifest: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(join(FOLDER, 'package.json'), 'utf8'),
  )
  return manifest.dependencies
}

function installed(name: string): string | undefined {
  const file = join(FOLDER, 'node_modules', name, 'package.json')
  if (!existsSync(file)) return undefined
  const manifest: { readonly version: string } = JSON.parse(readFileSync(file, 'utf8'))
  return manifest.version
}
