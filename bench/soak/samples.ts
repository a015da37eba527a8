import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Server } from '../harness/harness.ts'

/** How a server is at one moment; null where the system does not tell. */
export type Sample = {
  readonly second: number
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

export async function sample({ pids, dataDir, port }: Server, second: number): Promise<Sample> {
  const pid = pids[0] ?? 0
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const gauge = (name: string): number => {
    const value = new RegExp(`^questline_${name} (\\S+)$`, 'm').exec(metrics)?.[1]
    if (value === undefined) throw new Error(`/metrics has no questline_${name}`)
    return Number(value)
  }
  return {
    second,
    memoryMb: residentMb(pid),
    lakeMb: lakeMemoryMb(pid),
    handles: handlesOf(pid),
    walMb: bytesOf(dataDir, /-wal$/) / MB,
    windowsLag: gauge('stage_lag_events{stage="windows"}'),
    lakeLag: gauge('stage_lag_events{stage="lake"}'),
  }
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
