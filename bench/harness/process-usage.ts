import { readFileSync, writeFileSync } from 'node:fs'

// What the kernel says of a process. Everything is null where there is no /proc.

/** The kernel reports CPU time in these, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100

/** CPU time of these processes and of all their children. */
export const cpuSecondsOf = (pids: readonly number[]): number | null =>
  sumOver(pids.flatMap(familyOf), ownCpuSeconds)

/**
 * CPU time of a program of several processes by what each says that it is in its command line. What has
 * ended counts as its parent's.
 */
export function cpuSecondsByTitle(
  pid: number,
  kindOf: (title: string) => string,
): ReadonlyMap<string, number> {
  const each = new Map<string, number>()
  for (const member of familyOf(pid)) {
    const kind = kindOf(read(member, 'cmdline') ?? '')
    each.set(kind, (each.get(kind) ?? 0) + (ownCpuSeconds(member) ?? 0))
  }
  return each
}

/** Bytes that these processes have read and written, over sockets and in files. */
export const transferredBytes = (pids: readonly number[]): number | null =>
  sumOver(pids.flatMap(familyOf), (pid) => {
    const found = /^rchar: (\d+)\nwchar: (\d+)$/m.exec(read(pid, 'io') ?? '')
    return found === null ? null : Number(found[1]) + Number(found[2])
  })

/** Resident memory now, in 10⁶ bytes, with all children. */
export const residentMemoryMb = (pid: number): number | null =>
  sumOver(familyOf(pid), (member) => kilobytes(member, 'status', 'VmRSS'))

/** CPU time of the children of this process, and of theirs, that have ended so far. */
export function endedChildrenCpuSeconds(): number | null {
  const ticks = cpuTicks(process.pid)?.slice(2)
  return ticks === undefined ? null : secondsOf(ticks)
}

/** The most resident memory that the process ever had, in 10⁶ bytes. */
export function peakMemoryMb(pid: number): number | null {
  return kilobytes(pid, 'status', 'VmHWM')
}

/** From now on the peak is what the process has and will have. False where the system cannot. */
export function restartPeakMemory(pid: number): boolean {
  try {
    // 5: the high-water mark, which costs nothing; smaller numbers would walk through all pages.
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
    return true
  } catch {
    return false
  }
}

/** Resident memory of a program of several processes; what they share counts once. */
export function sharedMemoryMb(pid: number, program: string): number | null {
  const members = familyOf(pid).filter((member) => read(member, 'comm')?.trim() === program)
  return sumOver(members, (member) => kilobytes(member, 'smaps_rollup', 'Pss'))
}

/** Null when nothing is known of any. A child that has ended since it was listed has nothing any more. */
function sumOver(pids: readonly number[], of: (pid: number) => number | null): number | null {
  const known = pids.map(of).filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0)
}

function familyOf(pid: number): number[] {
  const children = read(pid, `task/${pid}/children`)?.trim() ?? ''
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number).flatMap(familyOf))]
}

function ownCpuSeconds(pid: number): number | null {
  const ticks = cpuTicks(pid)
  return ticks === undefined ? null : secondsOf(ticks)
}

/**
 * Time of the process in user and system mode, then that of its children that have ended: with both,
 * none is lost or twice.
 */
function cpuTicks(pid: number): readonly number[] | undefined {
  // The name in parentheses may hold spaces. These are the 12th field after it and those that follow.
  const stat = read(pid, 'stat')
  return stat
    ?.slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number)
}

const secondsOf = (ticks: readonly number[]): number =>
  ticks.reduce((sum, one) => sum + one, 0) / TICKS_PER_SECOND

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
