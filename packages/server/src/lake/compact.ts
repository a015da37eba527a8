import { join } from 'node:path'
import { type LakeEngine, parquet, withEngine } from './engine.ts'
import {
  inOrder,
  isPlanned,
  LakeError,
  type LakeFile,
  readManifest,
  TOPICS,
  type Topic,
  writeManifest,
} from './manifest.ts'
import { mergesOf } from './merges.ts'
import { clearAside, type OnStep, sweepStrays } from './write-batch.ts'
import { asideFolder, pathOf, writeFile } from './write-files.ts'

export type Merge = { readonly parts: readonly LakeFile[]; readonly into: LakeFile }

export type CompactSettings = {
  readonly folder: string
  readonly memoryLimitMb: number
  readonly all: boolean
  /** How many are merged now; the others the next time. */
  readonly mergesMax?: number
}

/**
 * Merges files that should be one. In this order: the merged file appears; it is compared with its
 * parts; the manifest lists it in their place; they are removed. Only under the lease.
 * @returns what was merged
 */
export async function compact(
  { folder, memoryLimitMb, all, mergesMax }: CompactSettings,
  onStep: OnStep = () => undefined,
): Promise<readonly Merge[]> {
  const manifest = readManifest(folder)
  if (isPlanned(manifest)) return []
  const merges = mergesOf(manifest.files, all).slice(0, mergesMax)
  const done: Merge[] = []
  if (merges.length === 0) return done
  clearAside(folder)
  const scratch = join(asideFolder(folder), 'spill')
  await withEngine({ threads: 1, memoryLimitMb, scratch, folders: [folder] }, async (engine) => {
    for (const parts of merges) done.push(await merge(engine, folder, parts, onStep))
  })
  sweepStrays(folder)
  onStep('removed')
  return done
}

async function merge(
  engine: LakeEngine,
  folder: string,
  parts: readonly LakeFile[],
  onStep: OnStep,
): Promise<Merge> {
  const [head] = parts
  if (!head) throw new Error('nothing to merge')
  const { topic, date } = head
  const first = Math.min(...parts.map((part) => part.first))
  const last = Math.max(...parts.map((part) => part.last))
  const path = pathOf(topic, date, { first, last })
  const sources = parquet(parts.map((part) => join(folder, part.path)))
  // The date is in the name of the folder.
  const shape = await writeFile(engine, folder, path, `SELECT * EXCLUDE ("date") FROM ${sources}`)
  onStep(`merged ${path}`)
  const [before, after] = [
    await contentsOf(engine, sources),
    await contentsOf(engine, parquet([join(folder, path)])),
  ]
  if (before !== after)
    throw new LakeError(`${path} is not what its parts were: ${before}, ${after}`)
  const into: LakeFile = {
    ...{ topic, path, date, first, last, ...shape },
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    received_max: Math.max(...parts.map((part) => part.received_max)),
    level: Math.max(...parts.map((part) => part.level)) + 1,
  }
  const manifest = readManifest(folder)
  const merged = new Set(parts.map((part) => part.path))
  const files = manifest.files.filter((file) => !merged.has(file.path))
  writeManifest(folder, { ...manifest, files: inOrder([...files, into]) })
  onStep('listed')
  return { parts, into }
}

/** Rows, and a sum over all that is in them, in whatever order. */
async function contentsOf(engine: LakeEngine, source: string): Promise<string> {
  const [row] = await engine.rows(
    `SELECT count(*) || ' ' || coalesce(bit_xor(hash(t)), 0) || ' ' || coalesce(sum(hash(t)), 0) AS contents
    FROM (SELECT * FROM ${source}) t`,
  )
  return String(row?.['contents'])
}

/**
 * Drops files whose newest event was received before `before`, from the beginning of the lake on.
 * @returns how many files
 */
export function dropOld(folder: string, before: number): number {
  const manifest = readManifest(folder)
  if (isPlanned(manifest)) return 0
  const young = manifest.files.filter(({ received_max }) => received_max >= before)
  const ofLog = young.filter(({ topic }) => isOfLog(topic))
  // What is left begins where the first young file does: an old one behind it stays until then.
  const from = Math.min(manifest.upto + 1, ...ofLog.map(({ first }) => first))
  const isKept = ({ topic, last, received_max }: LakeFile): boolean =>
    isOfLog(topic) ? last >= from : received_max >= before
  const files = manifest.files.filter(isKept)
  const dropped = manifest.files.length - files.length
  if (dropped === 0) return 0
  const { streams } = manifest
  writeManifest(folder, {
    ...{ ...manifest, from: Math.max(manifest.from, from), files },
    ...(streams ? { streams: { ...streams, from_ms: Math.max(streams.from_ms, before) } } : {}),
  })
  sweepStrays(folder)
  return dropped
}

/** Only those have offsets of the log. */
const isOfLog = (topic: Topic): boolean => TOPICS.some((each) => each === topic)
