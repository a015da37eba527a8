import { spawnSync } from 'node:child_process'

/** With the filter in the kernel only these calls pay for being watched, not every call. */
const WATCH = ['strace', '-f', '--seccomp-bpf', '-e', 'trace=fdatasync,fsync']

/** The command that writes one line per sync of what it runs to `file`. */
export const tracingSyncs = (file: string): readonly string[] => [...WATCH, '-o', file]

/** The command under which each sync takes so much longer. */
export const delayingSyncs = (microseconds: number): readonly string[] => [
  ...[...WATCH, '-o', '/dev/null'],
  ...['-e', `inject=fdatasync,fsync:delay_exit=${microseconds}`],
]

/** Whether strace exists here, is new enough and may watch processes. */
export const hasStrace = (): boolean => {
  const [command = '', ...args] = delayingSyncs(1)
  return spawnSync(command, [...args, 'true'], { stdio: 'ignore' }).status === 0
}
