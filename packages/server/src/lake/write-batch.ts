import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeLakeFolder } from './durable-files.ts'
import { type LakeEngine, withEngine } from './engine.ts'
import {
  ALL_TOPICS,
  inOrder,
  isPlanned,
  type LakeFile,
  type Manifest,
  type Offsets,
  readManifest,
  TOPICS,
  writeManifest,
} from './manifest.ts'
import type { Sources } from './sources.ts'
import { asideFolder, writeTopic } from './write-files.ts'

/** What is about to be on disk, or is there now; a test ends the process at each. */
export type OnStep = (step: string) => void

export type WriterParts = {
  readonly sources: Sources
  readonly onStep?: OnStep
}
export type WriterSettings = {
  readonly folder: string
  readonly memoryLimitMb: number
}

/**
 * Writes the batch that was planned, or plans and writes one up to `last`. In this order: the manifest
 * says which offsets the batch has; its files appear one by one; the manifest lists them. A process
 * that dies in between leaves files that nobody reads, which its successor replaces by the same.
 * @returns the manifest with the batch in it
 */
export async function writeBatch(
  { sources, onStep = () => undefined }: WriterParts,
  { folder, memoryLimitMb }: WriterSettings,
  last: number,
): Promise<Manifest> {
  const before = readManifest(folder)
  const planned = before.planned ?? { first: before.upto + 1, last }
  clearAside(folder)
  if (before.planned === null) writeManifest(folder, { ...before, planned })
  onStep('planned')
  const scratch = join(asideFolder(folder), 'spill')
  const settings = { threads: 1, memoryLimitMb, scratch, folders: [folder] }
  const written = await withEngine(settings, (engine) =>
    writeTopics(engine, folder, sources, planned, onStep),
  )
  const files = inOrder([...before.files, ...written])
  const after = { ...before, upto: planned.last, planned: null, files }
  onStep('listing')
  writeManifest(folder, after)
  onStep('listed')
  return after
}

async function writeTopics(
  engine: LakeEngine,
  folder: string,
  sources: WriterParts['sources'],
  planned: Offsets,
  onStep: OnStep,
): Promise<readonly LakeFile[]> {
  const written: LakeFile[] = []
  for (const topic of TOPICS) {
    const files = await writeTopic(engine, folder, topic, sources[topic], planned, (path) =>
      onStep(`written ${path}`),
    )
    written.push(...files)
  }
  const raw = written.filter(({ topic }) => topic === 'events-raw')
  const rows = raw.reduce((sum, file) => sum + file.rows, 0)
  if (rows !== planned.last - planned.first + 1) {
    throw new Error(`the log has ${rows} events from ${planned.first} to ${planned.last}`)
  }
  return written
}

/** An empty folder for what is being written; nobody else writes, by the lease. */
export function clearAside(folder: string): void {
  rmSync(asideFolder(folder), { recursive: true, force: true })
  makeLakeFolder(folder)
  mkdirSync(asideFolder(folder))
}

/**
 * Removes files that the manifest does not list: those of a batch or a merge that came to nothing, and
 * the parts of a merged file. Only under the lease, and never while a batch is planned.
 * @returns how many
 */
export function sweepStrays(folder: string): number {
  const manifest = readManifest(folder)
  if (isPlanned(manifest)) return 0
  const listed = new Set(manifest.files.map(({ path }) => path))
  const strays = parquetFiles(folder).filter((path) => !listed.has(path))
  for (const path of strays) rmSync(join(folder, path), { force: true })
  return strays.length
}

/** Every file of a topic that lies in the folder, listed or not. */
export const parquetFiles = (folder: string): readonly string[] =>
  ALL_TOPICS.flatMap((topic) => {
    const base = join(folder, topic)
    if (!existsSync(base)) return []
    const names = readdirSync(base, { recursive: true, encoding: 'utf8' })
    return names.filter((name) => name.endsWith('.parquet')).map((name) => join(topic, name))
  })
