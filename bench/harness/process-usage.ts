import { readFileSync } from 'node:fs'

// What the kernel says of a process. Everything is null where there is no /proc.

/** The kernel reports CPU time in these, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100

/** CPU time of these processes and of all their children. */
export function cpuSecondsOf(pids: readonly number[]): number | null {
  const each = pids.flatMap(familyOf).map(ownCpuSeconds)
  return each.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0)
}

/** The most resident memory that the process ever had. */
export function peakMemoryMb(pid: number): number | null {
  return kilobytes(pid, 'status', 'VmHWM')
}

/** Resident memory of a program of several processes; what they share counts once. */
export function sharedMemoryMb(pid: number, program: string): number | null {
  const members = familyOf(pid).filter((member) => read(member, 'comm')?.trim() === program)
  const each = members.map((member) => kilobytes(member, 'smaps_rollup', 'Pss'))
  return each.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0)
}

function familyOf(pid: number): number[] {
  const children = read(pid, `task/${pid}/children`)?.trim() ?? ''
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number).flatMap(familyOf))]
}

function ownCpuSeconds(pid: number): number | null {
  const stat = read(pid, 'stat')
  if (stat === null) return null
  // The name in parentheses may hold spaces. From the 12th field after it: the time of the process
  // in user and system mode, then that of its children that have ended, so none is lost or twice.
  const ticks = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
  return ticks.reduce((sum, one) => sum + Number(one), 0) / TICKS_PER_SECOND
}

function kilobytes(pid: number, file: string, field: string): number | null {
  const value = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(read(pid, file) ?? '')?.[1]
  return value === undefined ? null : (Number(value) * 1_024) / 1e6
}

function read(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return null
  }
}
