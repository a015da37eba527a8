import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { endedChildrenCpuSeconds } from '../harness/harness.ts'
import { type StageMark, watchMemory } from './stage-memory.ts'

export type Command = {
  readonly file: string
  readonly args: readonly string[]
  /** What a line on its standard error says of its stages. */
  readonly markOf?: (line: string) => StageMark
}

export type TimedProcess = {
  /** From before it was started until it had ended. */
  readonly seconds: number
  /** Null where the system does not tell. */
  readonly cpuSeconds: number | null
  /** The most resident memory, in 10⁶ bytes. */
  readonly peakMb: number | null
  readonly stagePeaksMb: Readonly<Record<string, number>>
  readonly output: string
}

const LOOK_MS = 20

/**
 * Runs a command to its end, on all cores, with PATH and TMPDIR as its whole environment.
 * @throws when it fails, with what it said
 */
export async function timeProcess({ file, args, markOf }: Command): Promise<TimedProcess> {
  const { PATH = '', TMPDIR } = process.env
  const env = { PATH, ...(TMPDIR === undefined ? {} : { TMPDIR }) }
  const cpuBefore = endedChildrenCpuSeconds()
  const startedMs = performance.now()
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const memory = watchMemory(child.pid ?? 0)
  const looking = setInterval(memory.look, LOOK_MS)
  const errors: string[] = []
  createInterface(child.stderr).on('line', (line) => {
    errors.push(line)
    if (markOf) memory.mark(markOf(line))
  })
  const ended = once(child, 'exit').then(([code, signal]) => ({
    code: code ?? signal,
    endedMs: performance.now(),
  }))
  const [{ code, endedMs }, output] = await Promise.all([ended, text(child.stdout)]).finally(() =>
    clearInterval(looking),
  )
  if (code !== 0) {
    throw new Error(`${[file, ...args].join(' ')} ended with ${code}:\n${errors.join('\n')}`)
  }
  const cpuAfter = endedChildrenCpuSeconds()
  return {
    seconds: (endedMs - startedMs) / 1_000,
    cpuSeconds: cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore,
    ...memory.result(),
    output,
  }
}
