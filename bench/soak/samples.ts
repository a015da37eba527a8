import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from '../harness/harness.ts'

/** How a server is at one moment; null where the system does not tell. */
export type Sample = {
  readonly second: number
  /** The lowest since the sample before: garbage comes and goes, and what is held stays. */
  readonly memoryMb: number | null
  /** Of the process that writes the lake, while there is one. */
  readonly lakeMb: number | null
  readonly handles: number | null
  /** Of all databases of the server together. */
  readonly walMb: number
  /** Events that the windows have not counted yet. */
  readonly windowsLag: number
  readonly lakeLag: number
}

const MB = 1e6

/** Events that the windows have not counted yet. */
export const lagOf = (server: Server): Promise<number> =>
  server.metric('stage_lag_events{stage="windows"}')

export async function sample(
  server: Server,
  second: number,
  memoryMb: number | null,
): Promise<Sample> {
  const { pids, dataDir } = server
  const pid = pids[0] ?? 0
  return {
    second,
    memoryMb,
    lakeMb: lakeMemoryMb(pid),
    handles: handlesOf(pid),
    walMb: bytesOf(dataDir, /-wal$/) / MB,
    windowsLag: await lagOf(server),
    lakeLag: await server.metric('stage_lag_events{stage="lake"}'),
  }
}

const LOOK_MS = 500

/** The least resident memory within a time, which `signal` ends early; null where the system does not tell. */
export async function lowestMemory(
  { pids }: Server,
  milliseconds: number,
  signal: AbortSignal,
): Promise<number | null> {
  const until = performance.now() + milliseconds
  let lowest: number | null = null
  while (performance.now() < until && !signal.aborted) {
    const now = residentMb(pids[0] ?? 0)
    lowest = lowest === null || now === null ? now : Math.min(lowest, now)
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
  return lowest
}

function residentMb(pid: number): number | null {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? null : (Number(kilobytes) * 1_024) / MB
  } catch {
    return null
  }
}

function lakeMemoryMb(pid: number): number | null {
  try {
    // Whichever thread has started them.
    const children = readdirSync(`/proc/${pid}/task`)
      .map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim())
      .flatMap((pids) => (pids === '' ? [] : pids.split(' ').map(Number)))
    return children.length === 0
      ? null
      : Math.max(...children.map((child) => residentMb(child) ?? 0))
  } catch {
    return null
  }
}

function handlesOf(pid: number): number | null {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return null
  }
}

const bytesOf = (folder: string, name: RegExp): number =>
  readdirSync(folder)
    .filter((file) => name.test(file))
    .reduce((sum, file) => sum + sizeOf(join(folder, file)), 0)

/** A file may go between being listed and being looked at. */
const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

const BAR = 40

/** One line a sample, with a bar for the memory: a leak is a slope. */
export function samplesTable(samples: readonly Sample[]): string {
  const most = Math.max(1, ...samples.map(({ memoryMb }) => memoryMb ?? 0))
  const cell = (value: number | null, digits = 0): string =>
    value === null ? '?' : value.toFixed(digits)
  const rows = samples.map(({ second, memoryMb, lakeMb, handles, walMb, windowsLag, lakeLag }) => {
    const bar = '█'.repeat(Math.round(((memoryMb ?? 0) / most) * BAR))
    const cells = [
      ...[cell(second), cell(memoryMb), lakeMb === null ? '' : cell(lakeMb), cell(handles)],
      cell(walMb, 1),
      ...[cell(windowsLag), cell(lakeLag), bar],
    ]
    return `| ${cells.join(' | ')} |`
  })
  return [
    '| s | memory MB | lake’s process MB | handles | WAL MB | not yet counted | not yet in the lake | memory |',
    '|---:|---:|---:|---:|---:|---:|---:|:---|',
    ...rows,
  ].join('\n')
}
