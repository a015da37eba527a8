// Runs before each npm command, on any Node from 20 on and before anything is installed: plain
// JavaScript without dependencies. It installs what the lockfile says when that is missing or older.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stamp = join(root, 'node_modules', '.installed-lockfile')
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : ''

if (installed !== wanted) {
  const why = installed === '' ? 'nothing is installed yet' : 'the lockfile has changed'
  console.error(`questline: ${why}, running npm ci (about a minute) …`)
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const result = spawnSync(npm, ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (result.status !== 0) {
    console.error('questline: npm ci failed; its message is above. Is the npm registry reachable?')
    process.exit(result.status ?? 1)
  }
  writeFileSync(stamp, wanted)
}
