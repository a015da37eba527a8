import { join } from 'node:path'
import { type LakeEngine, parquet, withEngine } from './engine.ts'
import { inOrder, LakeError, type LakeFile, readManifest, writeManifest } from './manifest.ts'
import { clearAside, sweepStrays } from './write-batch.ts'
import { asideFolder, pathOf, writeFile } from './write-files.ts'

export type TrimSettings = {
  readonly folder: string
  readonly memoryLimitMb: number
  /** The newest offset of the log: nothing beyond it stays. */
  readonly head: number
}

export type Trimmed = {
  /** How far the lake was, and is. */
  readonly before: number
  readonly upto: number
  /** Files of which a part stays, in a file of its own, and those of which nothing does. */
  readonly cut: number
  readonly removed: number
}

/**
 * Takes out of the lake what is beyond the end of the log, as after a restore of older books, whose
 * next events get the same offsets. In this order: what stays of a file is written beside it; the
 * manifest lists it in its place; the rest goes. Only under the lease.
 */
export async function trimLake({ folder, memoryLimitMb, head }: TrimSettings): Promise<Trimmed> {
  const manifest = readManifest(folder)
  const { upto: before, planned, files } = manifest
  if (before <= head && (planned?.last ?? 0) <= head) {
    return { before, upto: before, cut: 0, removed: 0 }
  }
  if (manifest.streams) {
    throw new LakeError(
      `the lake in ${folder} follows Kafka, whose events cannot be told by offsets of the log: put the copy of the lake in its place that belongs to these books, and follow topics of another KAFKA_TOPIC_PREFIX with a lake of its own (LAKE_DIR)`,
    )
  }
  clearAside(folder)
  const kept = files.filter(({ last }) => last <= head)
  const spanning = files.filter(({ first, last }) => first <= head && last > head)
  const scratch = join(asideFolder(folder), 'spill')
  const cut = await withEngine(
    { threads: 1, memoryLimitMb, scratch, folders: [folder] },
    async (engine) => {
      const parts: LakeFile[] = []
      for (const file of spanning) parts.push(...(await cutFile(engine, folder, file, head)))
      return parts
    },
  )
  const upto = Math.min(before, head)
  writeManifest(folder, {
    ...{ ...manifest, upto, from: Math.min(manifest.from, upto + 1), planned: null },
    // The restored log may hold again what had left it; what does is compared once more before it goes.
    log_expired: 0,
    files: inOrder([...kept, ...cut]),
  })
  sweepStrays(folder)
  return { before, upto, cut: cut.length, removed: files.length - kept.length - cut.length }
}

/** None when all of it is beyond. */
async function cutFile(
  engine: LakeEngine,
  folder: string,
  file: LakeFile,
  head: number,
): Promise<readonly LakeFile[]> {
  const rows = `FROM ${parquet([join(folder, file.path)])} WHERE log_offset <= ${head}`
  const [of] = await engine.rows(
    `SELECT count(*) AS n, epoch_ms(max(received_at)) AS received ${rows}`,
  )
  const count = Number(of?.['n'])
  if (count === 0) return []
  const path = pathOf(file.topic, file.date, { first: file.first, last: head })
  const shape = await writeFile(engine, folder, path, `SELECT * EXCLUDE ("date") ${rows}`)
  const received_max = Number(of?.['received'])
  return [{ ...file, path, last: head, rows: count, received_max, ...shape }]
}
