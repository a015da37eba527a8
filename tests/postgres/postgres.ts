// One real PostgreSQL from npm, for tests and benchmarks, on a free loopback port and in a directory
// of its own. It needs no service, no container and no particular user: as root it gives up root.
// It ends with whoever started it, even by SIGKILL, and leaves nothing behind: see keeper.ts.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

export type Postgres = {
  /** Of the superuser and the database `postgres`, with its password. */
  readonly url: string
  /** Ends the server and removes its directory. */
  stop(): Promise<void>
}

/**
 * Starts a new server in about a second.
 * @param settings as in postgresql.conf, for example `{ max_connections: '200' }`
 * @throws when it does not start, with what initdb or the server said
 */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<Postgres> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts'), ...flags], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C in a terminal reaches the tests only: the database outlives the last of them.
    detached: true,
  })
  keeper.stdin.on('error', () => undefined)
  const url = await firstLine(keeper)
  keeper.stderr.pipe(process.stderr)
  return {
    url,
    async stop() {
      const ended = keeper.exitCode === null ? once(keeper, 'exit') : undefined
      keeper.stdin.end()
      await ended
    },
  }
}

type Keeper = ChildProcessByStdio<Writable, Readable, Readable>

async function firstLine(keeper: Keeper): Promise<string> {
  let complaints = ''
  const listen = (text: Buffer): void => {
    complaints += text.toString()
  }
  keeper.stderr.on('data', listen)
  const line = once(createInterface(keeper.stdout), 'line')
  const [first] = await Promise.race([line, once(keeper, 'close').then(() => [])])
  keeper.stderr.off('data', listen)
  if (typeof first !== 'string') throw new Error(`PostgreSQL did not start.\n${complaints}`)
  return first
}
