import { execFileSync } from 'node:child_process'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { type DiskSpeed, timeSyncs } from './disk.ts'
import type { Cores } from './processes.ts'

export type Machine = {
  readonly cores: number
  readonly cpu: string
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  /** Of our code, with a plus when files differ from it; null outside a repository. */
  readonly commit: string | null
  /** Processes that wanted a core before we began, on average over a minute. */
  readonly loadBefore: number
  readonly pinned: boolean
  readonly disk: DiskSpeed
}

/** What the figures depend on. The disk is timed in `folder`, which lies where the data will lie. */
export function describeMachine(cores: Cores, folder: string): Machine {
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()}`,
    node: process.version,
    commit: commit(),
    loadBefore: loadavg()[0] ?? 0,
    pinned: cores.server !== null,
    disk: timeSyncs(folder),
  }
}

function commit(): string | null {
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim()
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no', '../../packages') !== ''
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? '+' : '')
  } catch {
    return null
  }
}
