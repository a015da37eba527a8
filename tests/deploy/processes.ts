// Runs what the image would run, as processes of this machine.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { START_COMMAND } from '../start-command.ts'
import type { Image } from './dockerfile.ts'

/** An engine kills a health check that is still running after this; HEALTHCHECK --timeout. */
const PROBE_MS_MAX = 5_000

/** The server of a laid-out image, with the end of what it has written, for the message of a failure. */
export type Started = { readonly process: ChildProcess; readonly output: () => string }

/** Runs the image's health check against a port of this machine; its exit code, null if killed as too slow. */
export async function probe(image: Image, port: number): Promise<number | null> {
  const [, ...words] = image.healthCheck ?? []
  const child = spawn(process.execPath, words, {
    env: { PORT: String(port) },
    stdio: 'ignore',
    timeout: PROBE_MS_MAX,
  })
  return exitCode(child)
}

/** Starts the server in a folder with these settings and nothing else of this environment. */
export function startImage(folder: string, settings: Readonly<Record<string, string>>): Started {
  const [, ...words] = START_COMMAND
  const child = spawn(process.execPath, words, { cwd: folder, env: settings })
  let output = ''
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  return { process: child, output: () => output }
}

/** The exit code of a process, null when a signal ended it; waits for its end. */
export async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}
