import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism, cpus } from 'node:os'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

/** The core of the server with its database, and the core of everything that plays its clients. */
export type Cores = { readonly server: number | null; readonly generator: number | null }

export type ChildOptions = {
  readonly core: number | null
  readonly args?: readonly string[]
  /** The whole environment but PATH and TMPDIR: nothing of the surroundings changes what is timed. */
  readonly settings?: Readonly<Record<string, string>>
  /** A command that runs the process, such as strace with its flags. */
  readonly under?: readonly string[]
  /** Of Node. */
  readonly flags?: readonly string[]
}

export type Child<Ready> = AsyncDisposable & { readonly ready: Ready }

/** Cores 0 and 1 where the system can pin processes to them, none elsewhere. */
export function findCores(): Cores {
  const canPin = (core: number) =>
    spawnSync('taskset', ['-c', String(core), 'true'], { stdio: 'ignore' }).status === 0
  if (cpus().length < 2 || !canPin(0) || !canPin(1)) return { server: null, generator: null }
  return { server: 0, generator: 1 }
}

/** Cores that a process pinned to `core` has. */
export const coresOf = (core: number | null): number => (core === null ? availableParallelism() : 1)

/**
 * Starts a script that prints one line of JSON when it is ready and ends when its input closes.
 * @throws when it ends before that line
 */
export async function startChild<Ready>(
  script: string,
  options: ChildOptions,
): Promise<Child<Ready>> {
  const child = launch(script, options)
  const exit = once(child, 'exit')
  const lines = createInterface(child.stdout)
  const [line] = await Promise.race([once(lines, 'line'), exit.then(() => [])])
  if (typeof line !== 'string') throw new Error(`${script} ended before it was ready`)
  lines.on('line', (later) => process.stderr.write(`${later}\n`))
  const ready: Ready = JSON.parse(line)
  return {
    ready,
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      const [code, signal] = await exit
      if (code !== 0) throw new Error(`${script} ended with ${code ?? signal}`)
    },
  }
}

/**
 * Runs a script that takes JSON from its input and prints JSON.
 * @throws when it fails
 */
export async function runChild<Result>(
  script: string,
  options: ChildOptions,
  input: unknown,
): Promise<Result> {
  const child = launch(script, options)
  const exit = once(child, 'exit')
  child.stdin.end(JSON.stringify(input))
  const output = await text(child.stdout)
  const [code, signal] = await exit
  if (code !== 0) throw new Error(`${script} ended with ${code ?? signal}`)
  return JSON.parse(output)
}

function launch(script: string, options: ChildOptions) {
  const { core, args = [], settings, under = [], flags = [] } = options
  const pinned = core === null ? [] : ['taskset', '-c', String(core)]
  const [command = process.execPath, ...rest] = [
    ...[...pinned, ...under, process.execPath],
    ...[...flags, '--disable-warning=ExperimentalWarning', script, ...args],
  ]
  const { PATH = '', TMPDIR } = process.env
  const env = { PATH, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...settings }
  const child = spawn(command, rest, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  // A benchmark that is stopped leaves nobody behind.
  const stop = (): void => void child.kill()
  process.once('exit', stop)
  child.once('exit', () => process.off('exit', stop))
  // A child that ended before it read its input shows in its exit code.
  child.stdin.on('error', () => undefined)
  return child
}
