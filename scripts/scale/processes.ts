import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * One process that was started here. Process ids are used again, so one is known by its id together
 * with when it began: whatever has only the id is somebody else's, and is left alone.
 */
export type Running = { readonly pid: number; readonly began: string }

export type Launch = {
  readonly command: string
  readonly words: readonly string[]
  readonly logFile: string
  /** Instead of the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly owner?: { readonly uid: number; readonly gid: number }
  readonly cwd?: string
}

/**
 * Starts a process that outlives this one. Its log is written anew; that of the one before, which says why
 * that ended, stays as `<logFile>.1`.
 */
export function launch(of: Launch): Running {
  if (existsSync(of.logFile)) renameSync(of.logFile, `${of.logFile}.1`)
  const log = openSync(of.logFile, 'w')
  try {
    const child = spawn(of.command, of.words, {
      ...(of.owner ?? {}),
      ...(of.cwd === undefined ? {} : { cwd: of.cwd }),
      env: of.env ?? process.env,
      stdio: ['ignore', log, log],
      // In a group of its own: Ctrl-C in the terminal does not reach it.
      detached: true,
    })
    child.on('error', () => undefined)
    child.unref()
    const { pid } = child
    if (pid === undefined) throw new Error(`${of.command} did not start`)
    return { pid, began: beganAt(pid) ?? '' }
  } finally {
    closeSync(log)
  }
}

/** Whether the process is still the one that was started. One that has ended and is not reaped is not. */
export function isAlive({ pid, began }: Running): boolean {
  return began !== '' && beganAt(pid) === began
}

/** When a process began, in whatever words the system has for it; null when there is none. */
function beganAt(pid: number): string | null {
  if (existsSync('/proc/self/stat')) {
    try {
      // After the name, which may hold anything, come the state and, 19 fields on, the start.
      const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return state === 'Z' || state === 'X' ? null : (fields[18] ?? null)
    } catch {
      return null
    }
  }
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
    return text.trim() || null
  } catch {
    return null
  }
}

/** Megabytes in memory; null where the system does not say. */
export function residentMb({ pid }: Running): number | null {
  try {
    const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kb === undefined ? null : Math.round(Number(kb) / 1_024)
  } catch {
    return null
  }
}

/**
 * Sends a signal and waits until the process has ended; whoever is not ours any more gets none.
 * @throws when it has not ended after `deadlineMs`
 */
export async function end(
  name: string,
  running: Running,
  signal: NodeJS.Signals,
  deadlineMs = 30_000,
): Promise<void> {
  if (!isAlive(running)) return
  process.kill(running.pid, signal)
  await waitUntil(deadlineMs, () => !isAlive(running)).catch(() => {
    throw new Error(`${name} (process ${running.pid}) has not ended after ${signal}`)
  })
}

/** @throws when the condition does not hold after `deadlineMs`, or as soon as it throws itself */
export async function waitUntil(
  deadlineMs: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + deadlineMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not after ${deadlineMs / 1_000} s`)
    await sleep(50)
  }
}
