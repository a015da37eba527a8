// The real `questline` command, as a shell would start it: through the file itself, in any folder, with
// these settings and nothing else of this environment.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Run } from './run-node.ts'

export const ROOT = join(import.meta.dirname, '..')
export const QUESTLINE = join(ROOT, 'node_modules/.bin/questline')

export type Surroundings = {
  /** The working directory. */
  readonly folder: string
  readonly settings?: Readonly<Record<string, string>>
  /** The whole PATH; the shell's own tools unless said otherwise. */
  readonly path?: string
  /** What is on standard input. */
  readonly input?: string
  readonly program?: string
}

const TOOLS = '/usr/local/bin:/usr/bin:/bin'

export function spawnQuestline(words: readonly string[], around: Surroundings): ChildProcess {
  return spawn(around.program ?? QUESTLINE, words, {
    cwd: around.folder,
    env: { PATH: around.path ?? TOOLS, ...around.settings },
    stdio: 'pipe',
  })
}

/** Runs a command until it ends, at the latest after a minute. */
export async function questline(words: readonly string[], around: Surroundings): Promise<Run> {
  const child = spawnQuestline(words, around)
  const killer = setTimeout(() => child.kill('SIGKILL'), 60_000)
  try {
    // One that ends before it has read anything closes the pipe under our hands.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(around.input ?? '')
    const [output, errors, [exit, signal]] = await Promise.all([
      child.stdout ? text(child.stdout) : '',
      child.stderr ? text(child.stderr) : '',
      once(child, 'exit'),
    ])
    if (typeof exit !== 'number') throw new Error(`${words.join(' ')} ended with ${signal}`)
    return { exit, output, errors }
  } finally {
    clearTimeout(killer)
  }
}

export type RunningServer = {
  readonly child: ChildProcess
  /** What `start --json` printed. */
  readonly facts: { readonly address: string } & Readonly<Record<string, unknown>>
  /** What it has logged so far. */
  errors(): string
  /** Resolves with its exit code; null when a signal ended it. */
  exit(): Promise<number | null>
}

/** Starts a server on a port of its own and waits until it listens. */
export async function startServerProcess(around: Surroundings): Promise<RunningServer> {
  const settings = { PORT: '0', ...around.settings }
  const child = spawnQuestline(['start', '--json'], { ...around, settings })
  let output = ''
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  const ended = once(child, 'exit')
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      output += chunk
      if (output.includes('\n')) resolve()
    })
    child.on('exit', (code) => reject(new Error(`it ended with ${code}: ${errors}`)))
  })
  return {
    child,
    facts: JSON.parse(output),
    errors: () => errors,
    exit: async () => (await ended)[0],
  }
}
