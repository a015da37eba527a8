import { fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const WRITES = 200
const BLOCK = Buffer.alloc(4_096, 'q')
const TMPFS = 0x01021994

export type DiskSpeed = {
  /** One write of 4 KiB with its fdatasync: what a commit cannot be faster than. */
  readonly medianMs: number
  readonly p95Ms: number
  /** The folder lies in memory, where syncs cost nothing and prove nothing. */
  readonly inMemory: boolean
}

/** Times 200 appended blocks of 4 KiB in `folder`, each made durable. */
export function timeSyncs(folder: string): DiskSpeed {
  const path = join(folder, 'syncs')
  const file = openSync(path, 'w')
  const times = Array.from({ length: WRITES }, () => {
    const startedMs = performance.now()
    writeSync(file, BLOCK)
    fdatasyncSync(file)
    return performance.now() - startedMs
  }).sort((a, b) => a - b)
  rmSync(path)
  const at = (share: number) => times[Math.floor(WRITES * share)] ?? 0
  return { medianMs: at(0.5), p95Ms: at(0.95), inMemory: statfsSync(folder).type === TMPFS }
}
