// A real PgBouncer in transaction mode before the PostgreSQL of the tests, where the machine has one.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'

const PATH = `${process.env['PATH']}:/usr/sbin:/usr/local/sbin`

/** As it calls itself; null where it is not installed. */
export function pgBouncerVersion(): string | null {
  try {
    const said = execFileSync('pgbouncer', ['--version'], { env: { PATH }, encoding: 'utf8' })
    return /PgBouncer (\S+)/.exec(said)?.[1] ?? null
  } catch {
    return null
  }
}

export type Pooler = {
  /** The same database through the pooler. */
  readonly url: string
  stop(): Promise<void>
}

/** Fewer connections than its clients have, so that they share them. */
const POOL_SIZE = 6

export async function startPgBouncer(databaseUrl: string): Promise<Pooler> {
  const database = new URL(databaseUrl)
  const folder = mkdtempSync(join(tmpdir(), 'questline-pgbouncer-'))
  chmodSync(folder, 0o755)
  const port = await freePort()
  const users = join(folder, 'users.txt')
  writeFileSync(users, `"${database.username}" "${database.password}"\n`)
  const file = join(folder, 'pgbouncer.ini')
  writeFileSync(
    file,
    [
      '[databases]',
      `* = host=${database.hostname} port=${database.port}`,
      '[pgbouncer]',
      `listen_addr = 127.0.0.1`,
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'pool_mode = transaction',
      `default_pool_size = ${POOL_SIZE}`,
      'max_client_conn = 200',
      'auth_type = scram-sha-256',
      `auth_file = ${users}`,
    ].join('\n'),
  )
  // As root it asks for somebody else to be.
  const words = process.getuid?.() === 0 ? ['-u', 'nobody', file] : [file]
  const child = spawn('pgbouncer', words, { env: { PATH }, stdio: ['ignore', 'pipe', 'pipe'] })
  await untilUp(child)
  const url = new URL(databaseUrl)
  url.port = String(port)
  return {
    url: url.href,
    async stop() {
      if (child.exitCode === null) {
        const gone = once(child, 'exit')
        child.kill('SIGQUIT')
        await gone
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function untilUp(child: ChildProcess): Promise<void> {
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk
      if (said.includes('process up')) resolve()
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.on('exit', () => reject(new Error(`PgBouncer did not start: ${said}`)))
  })
}
